//! The requests that are not answered yet: for cancellation, and to know when all is done.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cancel::CancelToken;

/// Requests by the text of their id.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    requests: HashMap<Box<str>, Request>,
    /// Earlier requests whose id came again before they were answered.
    shadowed: HashSet<u64>,
}

#[derive(Debug)]
struct Request {
    ticket: u64,
    /// Absent where the MCP SDK has the request.
    token: Option<CancelToken>,
}

/// What [`InFlight::cancel`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cancelled {
    /// A call, which is cancelled now.
    Call,
    /// A request that the MCP SDK has under this number.
    Forwarded(u64),
    /// Nothing: answered already, or never asked.
    Unknown,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; the ticket tells it from others with the same id.
    pub(super) fn begin(&self, id: &str, token: Option<CancelToken>) -> u64 {
        let mut state = self.lock();
        state.next += 1;
        let ticket = state.next;
        if let Some(earlier) = state.requests.insert(id.into(), Request { ticket, token }) {
            state.shadowed.insert(earlier.ticket);
        }
        ticket
    }

    /// Ends a request. Whether it is to be answered: not if it was cancelled.
    pub(super) fn end(&self, id: &str, ticket: u64) -> bool {
        let mut state = self.lock();
        if state
            .requests
            .get(id)
            .is_some_and(|request| request.ticket == ticket)
        {
            state.requests.remove(id);
            return true;
        }
        state.shadowed.remove(&ticket)
    }

    /// Cancels a request; it will not be answered.
    pub(super) fn cancel(&self, id: &str) -> Cancelled {
        let Some(request) = self.lock().requests.remove(id) else {
            return Cancelled::Unknown;
        };
        match request.token {
            Some(token) => {
                token.cancel();
                Cancelled::Call
            }
            None => Cancelled::Forwarded(request.ticket),
        }
    }

    /// Whether a request still waits for its answer.
    pub(super) fn has(&self, id: &str, ticket: u64) -> bool {
        let state = self.lock();
        let request = state.requests.get(id);
        request.is_some_and(|request| request.ticket == ticket) || state.shadowed.contains(&ticket)
    }

    /// Tells every call that nobody waits any longer. Answers are still sent.
    pub(super) fn tell_all(&self) {
        let tokens: Vec<_> = self
            .lock()
            .requests
            .values()
            .filter_map(|request| request.token.clone())
            .collect();
        for token in tokens {
            token.cancel();
        }
    }

    /// Whether every request is answered or cancelled.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.requests.is_empty() && state.shadowed.is_empty()
    }
}
