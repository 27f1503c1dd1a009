//! The host's end of its resources: a child's `dagstack/resource` requests.
//!
//! They are taken off the stream before the MCP SDK sees them, where they look as our own
//! executables write them: it saves the SDK's bookkeeping, and what is in them stays out of its
//! traces. Written otherwise, they come here by way of the SDK.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use dagstack_engine::Served;
use dagstack_engine::panics::CatchPanic;
use dagstack_engine::wire::{self, Object};
use dagstack_plugin_core::sync::lock;
use dagstack_plugin_core::{CancelToken, HookError, code};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// How our executables begin such a line.
const REQUEST: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"dagstack/resource\",";
/// How they take one back.
const CANCELLED: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",";
/// Calls at the same time after which further ones are refused.
const MOST: usize = 4096;

/// What one child may call, and the calls under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Serving(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    served: Served,
    running: HashMap<u64, CancelToken>,
}

/// The stream to the child.
pub(super) type Writer<W> = Arc<tokio::sync::Mutex<Option<W>>>;

#[derive(Deserialize)]
struct Request<'a> {
    id: u64,
    #[serde(borrow)]
    params: Object<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    resource: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: &'a RawValue,
}

#[derive(Deserialize)]
struct Cancelled {
    params: Object<CancelledParams>,
}

#[derive(Deserialize)]
struct CancelledParams {
    #[serde(rename = "requestId")]
    id: u64,
}

impl Serving {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Says what the child may call.
    pub(super) fn open(&self, served: Served) {
        self.lock().served = served;
    }

    /// Gives every call up: the child is gone, and so is what it could call.
    pub(super) fn close(&self) {
        let running = {
            let mut state = self.lock();
            state.served = Served::default();
            std::mem::take(&mut state.running)
        };
        for token in running.into_values() {
            token.cancel();
        }
    }

    /// Takes a line that is for the resources. `false` if it is something else.
    pub(super) fn takes<W>(&self, line: &[u8], write: &Writer<W>) -> bool
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        if line.starts_with(REQUEST) {
            match serde_json::from_slice::<Request<'_>>(line) {
                Ok(request) => {
                    self.start(request, Arc::clone(write));
                    true
                }
                // The SDK answers what cannot be read.
                Err(_) => false,
            }
        } else if line.starts_with(CANCELLED) {
            let id = serde_json::from_slice::<Cancelled>(line).map(|it| it.params.0.id);
            let token = id.ok().and_then(|id| self.lock().running.remove(&id));
            token.map(|token| token.cancel()).is_some()
        } else {
            false
        }
    }

    fn start<W>(&self, request: Request<'_>, write: Writer<W>)
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let id = request.id;
        let token = CancelToken::new();
        let served = {
            let mut state = self.lock();
            if state.running.len() < MOST {
                state.running.insert(id, token.clone());
                Ok(state.served.clone())
            } else {
                Err(HookError::new(
                    code::UNAVAILABLE,
                    format!("more than {MOST} calls of resources at the same time"),
                ))
            }
        };
        let Object(params) = request.params;
        let resource = params.resource.into_owned();
        let method = params.method.into_owned();
        let params = params.params.get().to_owned();
        let serving = self.clone();
        tokio::spawn(async move {
            let outcome = match served {
                Err(error) => Err(error),
                Ok(served) => {
                    let call = call(&served, &resource, &method, &params);
                    let outcome = tokio::select! {
                        biased;
                        outcome = call => outcome,
                        () = token.cancelled() => return,
                    };
                    // An answer that was called off meanwhile is not sent.
                    if serving.lock().running.remove(&id).is_none() {
                        return;
                    }
                    outcome
                }
            };
            let line = answer_line(id, outcome);
            if let Some(write) = &mut *write.lock().await {
                // Where the child reads no more, the connection ends by itself.
                let _ = write.write_all(&line).await;
                let _ = write.flush().await;
            }
        });
    }

    /// Answers a request that came by way of the SDK.
    pub(super) async fn answer(&self, params: Value) -> Result<Value, HookError> {
        let text = params.to_string();
        let read = serde_json::from_str::<Object<Params<'_>>>(&text);
        let Object(params) = read.map_err(|error| {
            HookError::new(
                code::INVALID_ARGUMENTS,
                format!("the parameters of `{}` do not fit: {error}", wire::RESOURCE),
            )
        })?;
        let served = self.lock().served.clone();
        let value = call(
            &served,
            &params.resource,
            &params.method,
            params.params.get(),
        )
        .await?;
        serde_json::from_str(&value)
            .map_err(|error| HookError::new(code::RESULT_NOT_SERIALISABLE, error.to_string()))
    }
}

/// Calls a resource. A panic in it is an error of the call.
async fn call(
    served: &Served,
    resource: &str,
    method: &str,
    params: &str,
) -> Result<String, HookError> {
    let server = served.get(resource)?;
    // The resource may panic before its first await.
    let call = Box::pin(async move { server.call(method, params).await });
    CatchPanic::new(call).await.unwrap_or_else(|_| {
        Err(HookError::new(
            code::PANICKED,
            format!("`{method}` of the resource `{resource}` panicked"),
        ))
    })
}

fn answer_line(id: u64, outcome: Result<String, HookError>) -> Vec<u8> {
    let line = match outcome {
        Ok(value) => {
            let value = wire::on_one_line(value);
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"value\":{value}}}}}\n")
        }
        Err(error) => {
            let message = Value::from(error.message());
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":-32000,\"message\":{message},\"data\":{}}}}}\n",
                error.to_value()
            )
        }
    };
    debug_assert!(
        wire::is_one_line(line.as_bytes()),
        "a message must be one line"
    );
    line.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resource may be written by hand, and its JSON be pretty.
    #[test]
    fn b10_an_answer_is_one_line() {
        let line = answer_line(7, Ok("{\n  \"a\": \"b\\n\"\r\n}".to_owned()));
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["result"]["value"]["a"], "b\n");
    }

    /// As an array, nothing is a request.
    #[test]
    fn b15_parameters_are_objects() {
        let line = |params: &str| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"dagstack/resource\",\"id\":1,\"params\":{params}}}"
            )
        };
        let read = |params: &str| serde_json::from_str::<Request<'_>>(&line(params)).is_ok();
        assert!(read(r#"{"resource":"r","method":"m","params":{}}"#));
        assert!(!read(r#"["r","m",{}]"#));
    }
}
