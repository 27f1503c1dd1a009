//! The requests that are not answered yet: for cancellation, and to know when all is done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::batch::Batch;
use super::reply::Shape;
use super::tools::HookId;
use dagstack_plugin_core::cancel::CancelToken;
use dagstack_plugin_core::sync::lock;

/// Requests by the text of their id.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    requests: HashMap<Box<str>, Entry>,
    /// Earlier requests whose id came again before they were answered, by their tickets.
    shadowed: HashMap<u64, (Box<str>, Entry)>,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    /// What it came in.
    batch: Option<Arc<Batch>>,
    call: Option<CallEntry>,
}

/// A request that calls a hook.
#[derive(Debug)]
pub(super) struct CallEntry {
    pub(super) token: CancelToken,
    pub(super) hook: HookId,
    /// How its answer is written.
    pub(super) shape: Shape,
}

/// A request that is given up.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: Box<str>,
    /// What it runs, if anything.
    pub(super) hook: Option<HookId>,
    /// How its answer is written.
    pub(super) shape: Shape,
    /// And where, unless on its own.
    pub(super) batch: Option<Arc<Batch>>,
}

impl InFlight {
    /// Notes a request; the ticket tells it from others with the same id.
    pub(super) fn begin(
        &self,
        id: &str,
        batch: Option<Arc<Batch>>,
        call: Option<CallEntry>,
    ) -> u64 {
        let mut state = lock(&self.0);
        state.next += 1;
        let ticket = state.next;
        let entry = Entry {
            ticket,
            batch,
            call,
        };
        if let Some(earlier) = state.requests.insert(id.into(), entry) {
            state.shadowed.insert(earlier.ticket, (id.into(), earlier));
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
            batch: request.batch,
        })
        .collect()
    }

    /// Whether every request is answered or cancelled.
    pub(super) fn is_empty(&self) -> bool {
        let state = lock(&self.0);
        state.requests.is_empty() && state.shadowed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(hook: usize) -> (CancelToken, Option<CallEntry>) {
        let token = CancelToken::new();
        let entry = CallEntry {
            token: token.clone(),
            hook: HookId::of_single(hook),
            shape: Shape::Session,
        };
        (token, Some(entry))
    }

    #[test]
    fn a_request_is_answered_once() {
        let in_flight = InFlight::default();
        let ticket = in_flight.begin("7", None, None);
        assert!(in_flight.has("7", ticket) && !in_flight.is_empty());
        assert!(in_flight.end("7", ticket));
        assert!(!in_flight.end("7", ticket));
        assert!(!in_flight.has("7", ticket) && in_flight.is_empty());
    }

    #[test]
    fn two_requests_with_one_id_are_both_answered() {
        let in_flight = InFlight::default();
        let (first, second) = (
            in_flight.begin("7", None, None),
            in_flight.begin("7", None, None),
        );
        assert!(in_flight.has("7", first) && in_flight.has("7", second));
        assert!(in_flight.end("7", first));
        assert!(in_flight.has("7", second) && !in_flight.is_empty());
        assert!(in_flight.end("7", second));
        assert!(in_flight.is_empty());
    }

    #[test]
    fn a_cancelled_request_is_not_answered() {
        let in_flight = InFlight::default();
        let (token, entry) = call(0);
        let ticket = in_flight.begin("\"a\"", None, entry);
        assert_eq!(in_flight.cancel("\"a\""), None);
        assert!(token.is_cancelled() && !in_flight.end("\"a\"", ticket));
        // One that is no call is cancelled by whoever has it.
        let ticket = in_flight.begin("8", None, None);
        assert_eq!(in_flight.cancel("8"), Some(ticket));
        assert_eq!(in_flight.cancel("8"), None);
        assert!(in_flight.is_empty());
    }

    #[test]
    fn what_is_given_up_is_answered_by_nobody_else() {
        let in_flight = InFlight::default();
        let (token, entry) = call(3);
        let (shadowed, other) = call(4);
        let ticket = in_flight.begin("7", None, other);
        in_flight.begin("7", None, entry);
        in_flight.begin("8", None, None);
        in_flight.cancel_tokens();
        assert!(token.is_cancelled() && shadowed.is_cancelled());
        assert!(in_flight.has("7", ticket), "it may still be answered");
        let mut open: Vec<_> = in_flight.take_all();
        open.sort_by_key(|open| open.hook.map(|id| id.hook));
        let hook = |it: &Open| it.hook.map(|id| id.hook);
        let open: Vec<_> = open.iter().map(|it| (&*it.id, hook(it))).collect();
        assert_eq!(open, [("8", None), ("7", Some(3)), ("7", Some(4))]);
        assert!(in_flight.is_empty() && !in_flight.end("7", ticket));
    }
}
