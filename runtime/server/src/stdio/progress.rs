//! Progress of a call, as the standard notification of MCP. Only callers that gave a `progressToken`
//! are told; so peers that speak the older dialect are never written to unasked.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, Weak};

use serde_json::{Value, json};

use super::server::{Job, Server};
use dagstack_engine::wire::PROGRESS;
use dagstack_plugin_core::cancel::CancelToken;
use dagstack_plugin_core::progress::{ProgressReport, ProgressSink, warn_of_drops};
use dagstack_plugin_core::sync::lock;

/// Takes the reports of one call to its caller.
pub(super) struct CallProgress {
    server: Weak<Server>,
    /// The caller's token, as JSON.
    token: Box<str>,
    cancellation: CancelToken,
    state: Mutex<State>,
    warned: AtomicBool,
}

#[derive(Default)]
struct State {
    percent: Option<f64>,
    /// The call is answered: nothing may follow.
    answered: bool,
}

impl fmt::Debug for CallProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "progress of {}", self.token)
    }
}

impl CallProgress {
    pub(super) fn new(server: Weak<Server>, token: Box<str>, cancellation: CancelToken) -> Self {
        Self {
            server,
            token,
            cancellation,
            state: Mutex::default(),
            warned: AtomicBool::new(false),
        }
    }

    /// The call is about to be answered.
    pub(super) fn end(&self) {
        lock(&self.state).answered = true;
    }

    /// The notification; `None` for what the peer cannot take.
    fn line(
        &self,
        state: &mut State,
        report: ProgressReport,
        has_extension: bool,
    ) -> Option<Vec<u8>> {
        let (message, more) = match report {
            ProgressReport::Update {
                percent,
                message,
                payload,
            } => {
                // MCP: it must increase with each notification. Our hosts do not ask for that.
                if !has_extension && state.percent.is_some_and(|last| percent <= last) {
                    return None;
                }
                state.percent = Some(percent);
                (
                    Some(message),
                    payload.map(|payload| json!({ "payload": payload })),
                )
            }
            // MCP has nothing of the kind.
            ProgressReport::Event { .. } if !has_extension => return None,
            ProgressReport::Event {
                event_type,
                payload,
            } => (
                None,
                Some(json!({ "type": event_type, "payload": payload })),
            ),
            _ => return None,
        };
        let progress = Value::from(state.percent.unwrap_or(0.0));
        let message = message
            .map(|message| format!(",\"message\":{}", Value::from(message)))
            .unwrap_or_default();
        let more = more
            .filter(|_| has_extension)
            .map(|more| format!(",\"_meta\":{{\"{PROGRESS}\":{more}}}"))
            .unwrap_or_default();
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{},\"progress\":{progress},\"total\":100{message}{more}}}}}\n",
            self.token
        );
        Some(line.into_bytes())
    }
}

impl ProgressSink for CallProgress {
    fn report(&self, report: ProgressReport) {
        let Some(server) = self.server.upgrade() else {
            return;
        };
        if self.cancellation.is_cancelled() {
            return;
        }
        let mut state = lock(&self.state);
        if state.answered {
            return;
        }
        let Some(line) = self.line(&mut state, report, server.session.has_extension()) else {
            return;
        };
        // Under the lock, so that no answer gets in front of it.
        let offered = server.output.offer(line);
        drop(state);
        match offered {
            // The hook does not write: whoever reads slowly would hold it up.
            Some(true) => server.submit(Job::flush()),
            Some(false) => {}
            None => warn_of_drops(&self.warned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(percent: f64, payload: Option<Value>) -> ProgressReport {
        ProgressReport::Update {
            percent,
            message: "going \"on\"".to_owned(),
            payload,
        }
    }

    fn written(has_extension: bool, reports: Vec<ProgressReport>) -> Vec<Value> {
        let progress = CallProgress::new(Weak::new(), "\"t-1\"".into(), CancelToken::new());
        let mut state = State::default();
        let lines = reports
            .into_iter()
            .filter_map(|report| progress.line(&mut state, report, has_extension));
        lines
            .map(|line| {
                assert!(line.ends_with(b"\n"));
                serde_json::from_slice::<Value>(&line).unwrap()["params"].clone()
            })
            .collect()
    }

    fn event() -> ProgressReport {
        ProgressReport::Event {
            event_type: "page".to_owned(),
            payload: json!(7),
        }
    }

    #[test]
    fn other_hosts_get_what_mcp_allows() {
        let reports = vec![
            event(),
            update(10.0, Some(json!(1))),
            update(10.0, None),
            update(5.0, None),
            update(12.5, None),
        ];
        let params = |progress: f64| {
            json!({
                "progressToken": "t-1",
                "progress": progress,
                "total": 100,
                "message": "going \"on\"",
            })
        };
        assert_eq!(written(false, reports), [params(10.0), params(12.5)]);
    }

    #[test]
    fn our_hosts_get_all_of_it() {
        let params = written(true, vec![update(10.0, Some(json!(1))), event()]);
        assert_eq!(params[0]["_meta"][PROGRESS], json!({ "payload": 1 }));
        assert_eq!(
            params[1],
            json!({
                "progressToken": "t-1",
                "progress": 10.0,
                "total": 100,
                "_meta": { PROGRESS: { "type": "page", "payload": 7 } },
            })
        );
    }
}
