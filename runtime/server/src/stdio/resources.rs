//! The resources of the host, called on the same stream the other way.

use std::sync::{Arc, Weak};

use serde_json::Value;

use super::server::Server;
use dagstack_engine::Offered;
use dagstack_engine::wire::{RESOURCE, on_one_line};
use dagstack_plugin_core::error::{HookError, code};
use dagstack_plugin_core::future::BoxFuture;
use dagstack_plugin_core::resources::{ResourceCaller, ResourceSet};

/// The resources that the host gives with `dagstack/setup`.
pub(super) fn given(server: &Arc<Server>, offered: Offered) -> ResourceSet {
    offered.into_set(|name| {
        Arc::new(HostResource {
            server: Arc::downgrade(server),
            name: name.to_owned(),
        })
    })
}

/// One resource of the host.
struct HostResource {
    server: Weak<Server>,
    name: String,
}

impl HostResource {
    fn gone(&self) -> HookError {
        HookError::new(
            code::UNAVAILABLE,
            format!("the host that has the resource `{}` is gone", self.name),
        )
    }

    async fn ask(&self, method: &'static str, params: String) -> Result<String, HookError> {
        let server = self.server.upgrade().ok_or_else(|| self.gone())?;
        let calls = &server.host_calls;
        let (id, answer) = calls.begin().ok_or_else(|| self.gone())?;
        // From here on, dropping this future tells the host.
        let pending = Pending {
            server: &server,
            id,
        };
        let name = Value::from(self.name.as_str());
        let params = on_one_line(params);
        // The host looks for this order first.
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"{RESOURCE}\",\"id\":{id},\"params\":{{\"resource\":{name},\"method\":\"{method}\",\"params\":{params}}}}}\n"
        );
        drop(params);
        server.output.send(line.into_bytes(), false);
        let limit = calls.limit();
        let Some(late) = server.runtime.sleep(limit) else {
            return answer.await.unwrap_or_else(|_| Err(self.gone()));
        };
        let outcome = tokio::select! {
            biased;
            outcome = answer => outcome.unwrap_or_else(|_| Err(self.gone())),
            () = late => Err(HookError::new(
                code::DEADLINE_EXCEEDED,
                format!("the host did not answer `{method}` of the resource `{}` in {limit:?}", self.name),
            )),
        };
        drop(pending);
        outcome
    }
}

impl ResourceCaller for HostResource {
    fn call<'a>(
        &'a self,
        method: &'static str,
        params: String,
    ) -> BoxFuture<'a, Result<String, HookError>> {
        Box::pin(self.ask(method, params))
    }
}

/// A call under way. Dropped before its answer came, it tells the host that nobody waits.
struct Pending<'a> {
    server: &'a Server,
    id: u64,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.server.host_calls.forget(self.id) {
            let line = format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{{\"requestId\":{}}}}}\n",
                self.id
            );
            self.server.output.send(line.into_bytes(), false);
        }
    }
}
