//! A request that is answered once, unless it is cancelled or given up before.

use std::fmt::Display;
use std::sync::{Arc, Weak};

use rmcp::ErrorData;
use serde_json::{Value, json};

use super::envelope::{refusal_line, result_line};
use super::executor;
use super::origin::Origin;
use super::server::{Hosted, Server};
use super::turns::Turn;
use dagstack_plugin_core::error::code;
use dagstack_plugin_core::panics::Panicked;

/// A request under way, other than a call. Where it is dropped, whoever had it panicked.
#[derive(Debug)]
pub(super) struct Request {
    server: Weak<Server>,
    /// As it is on the wire.
    id: Box<str>,
    ticket: u64,
    origin: Origin,
    /// Over when it is answered.
    turn: Option<Turn>,
}

impl Request {
    /// Notes a request that was read.
    pub(super) fn begin(server: &Arc<Server>, id: &str, origin: Origin) -> Self {
        Self {
            server: Arc::downgrade(server),
            id: id.into(),
            ticket: server.in_flight.begin(id, origin.batch.clone(), None),
            origin,
            turn: None,
        }
    }

    /// The same for one whose answer those behind it in the server's order wait for.
    pub(super) fn begin_in_turn(server: &Arc<Server>, id: &str, origin: Origin) -> Self {
        let mut request = Self::begin(server, id, origin);
        request.turn = Some(server.turns.next());
        request
    }

    /// Goes on when its turn has come.
    pub(super) fn in_turn(
        mut self,
        server: &Arc<Server>,
        then: impl FnOnce(&Arc<Server>, Self) + Send + 'static,
    ) {
        match self.turn.as_mut().map(Turn::wait) {
            Some(wait) => executor::run(server, Box::pin(wait), move |server, (), _| {
                then(server, self);
            }),
            None => then(server, self),
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
            self.origin.send(&server.output, &self.id, line, false);
        }
    }

    /// Answers it with `result` once the plugin is set up, or with why it is not.
    pub(super) fn answer_when_ready(
        self,
        server: &Arc<Server>,
        plugin: &Arc<Hosted>,
        result: impl FnOnce(&Hosted) -> Value + Send + 'static,
    ) {
        let (plugin, waited) = (Arc::clone(plugin), Arc::clone(plugin));
        let ready = Box::pin(async move { waited.instance.ready().await });
        executor::run(server, ready, move |server, outcome, _| {
            let outcome = outcome.map(|()| result(&plugin)).map_err(ErrorData::from);
            self.answer(server, outcome);
        });
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(server) = self.server.upgrade()
            && server.in_flight.end(&self.id, self.ticket)
        {
            let line = refusal_line(&self.id, &internal_error(Panicked));
            self.origin.send(&server.output, &self.id, line, false);
        }
    }
}

/// As a JSON-RPC error.
pub(super) fn internal_error(_: Panicked) -> ErrorData {
    let problem = "the plugin panicked; its message is on the standard error of its process";
    ErrorData::internal_error(problem, Some(json!({ "code": code::PANICKED })))
}
