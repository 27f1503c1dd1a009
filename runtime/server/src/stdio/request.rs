//! A request that is answered once, unless it is cancelled or given up before.

use std::fmt::Display;
use std::sync::Arc;

use rmcp::ErrorData;
use serde_json::Value;

use super::envelope::{refusal_line, result_line};
use super::executor;
use super::server::Server;

/// A request under way, other than a call.
#[derive(Debug)]
pub(super) struct Request {
    /// As it is on the wire.
    id: Box<str>,
    ticket: u64,
}

impl Request {
    /// Notes a request that was read.
    pub(super) fn begin(server: &Server, id: &str) -> Self {
        Self {
            id: id.into(),
            ticket: server.in_flight.begin(id, None),
        }
    }

    /// The number that tells it from others with the same id.
    pub(super) fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Answers it, with a result that shows itself as JSON.
    pub(super) fn answer(self, server: &Server, outcome: Result<impl Display, ErrorData>) {
        let line = match outcome {
            Ok(result) => result_line(&self.id, result),
            Err(error) => refusal_line(&self.id, &error),
        };
        if server.in_flight.end(&self.id, self.ticket) {
            server.output.send(line, false);
        }
    }

    /// Answers it with `result` once the plugin is set up, or with why it is not.
    pub(super) fn answer_when_ready(
        self,
        server: &Arc<Server>,
        result: impl FnOnce(&Server) -> Value + Send + 'static,
    ) {
        let shared = Arc::clone(server);
        let ready = Box::pin(async move { shared.instance.ready().await });
        executor::run(server, ready, |server, outcome, _| {
            let outcome = outcome.map(|()| result(server)).map_err(ErrorData::from);
            self.answer(server, outcome);
        });
    }
}
