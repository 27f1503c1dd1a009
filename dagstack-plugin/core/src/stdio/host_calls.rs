//! The plugin's calls to its host's resources: requests on the same stream, the other way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::serve::Server;
use crate::error::{HookError, code};
use crate::future::BoxFuture;
use crate::resources::{
    CLOCK, Clock, Offered, OsRng, RNG, ResourceCaller, ResourceSet, Rng, SystemClock,
};
use crate::wire::{Object, RESOURCE, on_one_line, read_protocol_error};

/// How long a call may take, unless the host says otherwise.
const LIMIT: Duration = Duration::from_secs(30);

/// The calls that are not answered yet.
#[derive(Debug)]
pub(super) struct HostCalls {
    state: Mutex<State>,
    limit_ms: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<String, HookError>>>,
    /// The input has ended: no answer can come any more.
    gone: bool,
}

impl Default for HostCalls {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            limit_ms: AtomicU64::new(u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl HostCalls {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Limits how long a call may take.
    pub(super) fn limit(&self, millis: u64) {
        self.limit_ms.store(millis, Ordering::Relaxed);
    }

    fn begin(&self) -> Option<(u64, oneshot::Receiver<Result<String, HookError>>)> {
        let mut state = self.lock();
        if state.gone {
            return None;
        }
        state.next += 1;
        let id = state.next;
        let (tell, answer) = oneshot::channel();
        state.waiting.insert(id, tell);
        Some((id, answer))
    }

    /// Forgets a call. Whether it was still waiting.
    fn forget(&self, id: u64) -> bool {
        self.lock().waiting.remove(&id).is_some()
    }

    /// Hands an answer to whoever waits for it. One that nobody waits for is dropped.
    pub(super) fn answered(&self, id: Option<&str>, result: Option<&str>, error: Option<&str>) {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            value: &'a RawValue,
        }
        let Some(id) = id.and_then(|id| id.parse().ok()) else {
            return;
        };
        let Some(tell) = self.lock().waiting.remove(&id) else {
            return;
        };
        let outcome = match (result, error) {
            (Some(result), _) => match serde_json::from_str::<Object<Answer<'_>>>(result) {
                Ok(Object(answer)) => Ok(answer.value.get().to_owned()),
                Err(error) => Err(HookError::new(
                    code::TRANSPORT,
                    format!("the host's answer cannot be read: {error}"),
                )),
            },
            (None, error) => Err(read_protocol_error(
                &error
                    .and_then(|text| serde_json::from_str::<Value>(text).ok())
                    .unwrap_or_default(),
            )),
        };
        let _ = tell.send(outcome);
    }

    /// The host is gone: every call fails, now and from now on.
    pub(super) fn end(&self) {
        let waiting = {
            let mut state = self.lock();
            state.gone = true;
            std::mem::take(&mut state.waiting)
        };
        // Their receivers find the sender dropped.
        drop(waiting);
    }
}

/// The resources that the host gives with `dagstack/setup`.
pub(super) fn given(server: &Arc<Server>, offered: Offered) -> ResourceSet {
    offered.into_set(|name| {
        Arc::new(HostResource {
            server: Arc::downgrade(server),
            name: name.to_owned(),
        })
    })
}

/// The resources of a plugin that nobody gives any: what a process has of itself.
pub(super) fn alone() -> ResourceSet {
    ResourceSet::new()
        .with::<dyn Clock>(CLOCK, Arc::new(SystemClock))
        .with::<dyn Rng>(RNG, Arc::new(OsRng))
        .with_hint(
            "resources other than `clock` and `rng` come from a dagstack host, and this plugin runs without one",
        )
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
        let limit = Duration::from_millis(calls.limit_ms.load(Ordering::Relaxed));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_find_their_calls() {
        let calls = HostCalls::default();
        let (first, mut one) = calls.begin().unwrap();
        let (second, mut two) = calls.begin().unwrap();
        let (third, mut three) = calls.begin().unwrap();
        calls.answered(Some(&second.to_string()), Some(r#"{"value":[1]}"#), None);
        calls.answered(Some(&second.to_string()), Some(r#"{"value":[2]}"#), None);
        calls.answered(Some("\"x\""), Some(r#"{"value":[3]}"#), None);
        assert_eq!(two.try_recv().unwrap().unwrap(), "[1]");
        let error =
            r#"{"code":-32000,"message":"m","data":{"code":"quota_exceeded","message":"used up"}}"#;
        calls.answered(Some(&first.to_string()), None, Some(error));
        let error = one.try_recv().unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            ("quota_exceeded", "used up")
        );
        calls.answered(Some(&third.to_string()), Some("7"), None);
        assert_eq!(
            three.try_recv().unwrap().unwrap_err().code(),
            code::TRANSPORT
        );
    }

    #[test]
    fn nothing_waits_for_a_host_that_is_gone() {
        let calls = HostCalls::default();
        let (_, mut answer) = calls.begin().unwrap();
        calls.end();
        assert!(matches!(
            answer.try_recv(),
            Err(oneshot::error::TryRecvError::Closed)
        ));
        assert!(calls.begin().is_none());
    }
}
