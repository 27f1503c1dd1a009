//! The requests that are not answered yet: for cancellation, and to know when all is done.

use std::collections::HashMap;
use std::sync::Mutex;

use super::meta::Shape;
use dagstack_plugin_core::cancel::CancelToken;
use dagstack_plugin_core::sync::lock;

/// Requests by the text of their id.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    requests: HashMap<Box<str>, Request>,
    /// Earlier requests whose id came again before they were answered, by their tickets.
    shadowed: HashMap<u64, (Box<str>, Request)>,
}

#[derive(Debug)]
struct Request {
    ticket: u64,
    call: Option<Call>,
}

/// A request that calls a hook.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) token: CancelToken,
    /// By its place in the declaration.
    pub(super) hook: usize,
    /// How its answer is written.
    pub(super) shape: Shape,
}

/// A request that is given up.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: Box<str>,
    /// What it runs, if anything.
    pub(super) hook: Option<usize>,
    /// How its answer is written.
    pub(super) shape: Shape,
}

impl InFlight {
    /// Notes a request; the ticket tells it from others with the same id.
    pub(super) fn begin(&self, id: &str, call: Option<Call>) -> u64 {
        let mut state = lock(&self.0);
        state.next += 1;
        let ticket = state.next;
        let request = Request { ticket, call };
        if let Some(earlier) = state.requests.insert(id.into(), request) {
            let shadowed = (id.into(), earlier);
            state.shadowed.insert(shadowed.1.ticket, shadowed);
        }
        ticket
    }

    /// Ends a request. Whether it is to be answered: not if it was cancelled.
    pub(super) fn end(&self, id: &str, ticket: u64) -> bool {
        let mut state = lock(&self.0);
        if state
            .requests
            .get(id)
            .is_some_and(|request| request.ticket == ticket)
        {
            state.requests.remove(id);
            return true;
        }
        state.shadowed.remove(&ticket).is_some()
    }

    /// Cancels a request; it will not be answered. Returns the ticket of one that is no call.
    pub(super) fn cancel(&self, id: &str) -> Option<u64> {
        let request = lock(&self.0).requests.remove(id)?;
        match request.call {
            Some(call) => {
                call.token.cancel();
                None
            }
            None => Some(request.ticket),
        }
    }

    /// Whether a request still waits for its answer.
    pub(super) fn has(&self, id: &str, ticket: u64) -> bool {
        let state = lock(&self.0);
        let request = state.requests.get(id);
        request.is_some_and(|request| request.ticket == ticket)
            || state.shadowed.contains_key(&ticket)
    }

    /// Tells every call that nobody waits any longer. Answers are still sent.
    pub(super) fn cancel_tokens(&self) {
        let tokens: Vec<_> = {
            let state = lock(&self.0);
            let shadowed = state.shadowed.values().map(|(_, request)| request);
            let requests = state.requests.values().chain(shadowed);
            let calls = requests.filter_map(|request| request.call.as_ref());
            calls.map(|call| call.token.clone()).collect()
        };
        for token in tokens {
            token.cancel();
        }
    }

    /// Gives all requests up. The caller answers them, and nobody else does any more.
    pub(super) fn take_all(&self) -> Vec<Open> {
        let mut state = lock(&self.0);
        let shadowed = std::mem::take(&mut state.shadowed).into_values();
        let requests = std::mem::take(&mut state.requests);
        let all = shadowed.chain(requests);
        all.map(|(id, request)| Open {
            id,
            hook: request.call.as_ref().map(|call| call.hook),
            shape: request.call.map_or(Shape::Plain, |call| call.shape),
        })
        .collect()
    }

    /// Whether every request is answered or cancelled.
    pub(super) fn is_empty(&self) -> bool {
        let state = lock(&self.0);
        state.requests.is_empty() && state.shadowed.is_empty()
    }
}
