//! Requests of our own, which the host answers on the same stream.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use dagstack_engine::wire::{Object, read_protocol_error};
use dagstack_plugin_core::error::{HookError, code};
use dagstack_plugin_core::sync::lock;

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
    /// How long a call may take.
    pub(super) fn limit(&self) -> Duration {
        Duration::from_millis(self.limit_ms.load(Ordering::Relaxed))
    }

    /// Sets that, in milliseconds.
    pub(super) fn set_limit(&self, millis: u64) {
        self.limit_ms.store(millis, Ordering::Relaxed);
    }

    /// Notes a call, under the id that it goes out with; `None` if the host is gone.
    pub(super) fn begin(&self) -> Option<(u64, oneshot::Receiver<Result<String, HookError>>)> {
        let mut state = lock(&self.state);
        if state.gone {
            return None;
        }
        state.next += 1;
        let id = state.next;
        let (sender, answer) = oneshot::channel();
        state.waiting.insert(id, sender);
        Some((id, answer))
    }

    /// Forgets a call. Whether it was still waiting.
    pub(super) fn forget(&self, id: u64) -> bool {
        lock(&self.state).waiting.remove(&id).is_some()
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
        let Some(sender) = lock(&self.state).waiting.remove(&id) else {
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
        let _ = sender.send(outcome);
    }

    /// The host is gone: every call fails, now and from now on.
    pub(super) fn end(&self) {
        let waiting = {
            let mut state = lock(&self.state);
            state.gone = true;
            std::mem::take(&mut state.waiting)
        };
        // Their receivers find the sender dropped.
        drop(waiting);
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
