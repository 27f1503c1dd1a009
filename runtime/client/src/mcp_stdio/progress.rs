//! The progress of calls, as the child reports it, to whoever listens to the call.
//!
//! rmcp gives every request a progress token, tells it to nobody, and handles notifications in tasks of
//! their own, in any order. So both are done where the lines are: the token is matched with its
//! listener, or taken off, as the request is written, and a report is handed over as it is read.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use dagstack_engine::wire;
use dagstack_plugin_core::sync::lock;
use dagstack_plugin_core::{Progress, ProgressSink};
use rmcp::model::{
    CallToolRequestParams, ClientRequest, GetMeta, MetaObject, NotificationMetaObject,
    ProgressNotification, ProgressToken, RequestMetaObject,
};
use serde_json::json;

/// In `_meta`, on its way to where the line is written: who listens to the call.
const LISTENER: &str = "dev.dagstack/listener";
/// The key of the token in `_meta`.
const TOKEN: &str = "progressToken";

/// Those who listen to the calls of one child.
#[derive(Clone, Default)]
pub(super) struct Listeners(Arc<Shared>);

#[derive(Default)]
struct Shared {
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_number: HashMap<u64, Listener>,
    by_token: HashMap<ProgressToken, u64>,
}

struct Listener {
    sink: Arc<dyn ProgressSink>,
    token: Option<ProgressToken>,
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} listeners", self.lock().by_number.len())
    }
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    /// Lets `sink` hear of the call with these parameters until the result is dropped.
    pub(super) fn listen(
        &self,
        sink: Option<&Arc<dyn ProgressSink>>,
        params: &mut CallToolRequestParams,
    ) -> Option<Listening> {
        let sink = Arc::clone(sink?);
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let meta = params
            .meta
            .get_or_insert_with(|| RequestMetaObject(MetaObject::default()));
        meta.0.0.insert(LISTENER.to_owned(), json!(number));
        let listener = Listener { sink, token: None };
        self.lock().by_number.insert(number, listener);
        Some(Listening {
            listeners: self.clone(),
            number,
        })
    }

    /// Looks at a request that is about to be written.
    pub(super) fn note(&self, request: &mut ClientRequest) {
        let number = match request {
            ClientRequest::CallToolRequest(call) => call
                .params
                .meta
                .as_mut()
                .and_then(|meta| meta.0.0.remove(LISTENER))
                .and_then(|number| number.as_u64()),
            _ => None,
        };
        let meta = request.get_meta_mut();
        let token = meta.get_progress_token();
        let mut state = self.lock();
        match (number, token) {
            (Some(number), Some(token)) => {
                if let Some(listener) = state.by_number.get_mut(&number) {
                    listener.token = Some(token.clone());
                    state.by_token.insert(token, number);
                }
            }
            // Nobody listens: the plugin need not speak.
            _ => drop(meta.0.0.remove(TOKEN)),
        }
    }

    /// Hands a report over.
    pub(super) fn report(&self, notification: ProgressNotification) {
        let params = notification.params;
        let sink = {
            let state = self.lock();
            let number = state.by_token.get(&params.progress_token);
            match number.and_then(|number| state.by_number.get(number)) {
                Some(listener) => Arc::clone(&listener.sink),
                None => return,
            }
        };
        // rmcp takes it out of the parameters.
        let meta = notification.extensions.get::<NotificationMetaObject>();
        let more = meta.and_then(|meta| meta.get(wire::PROGRESS));
        let payload = more.and_then(|more| more.get("payload")).cloned();
        let progress = Progress::to(&*sink);
        if let Some(event) = more.and_then(|more| more.get("type")?.as_str()) {
            progress.event(event, payload.unwrap_or_default());
            return;
        }
        let total = params.total.filter(|total| *total > 0.0).unwrap_or(100.0);
        // Of a hundred, the percentage stays as it is.
        let percent = params.progress * (100.0 / total);
        let message = params.message.unwrap_or_default();
        match payload {
            Some(payload) => progress.update_with(percent, message, payload),
            None => progress.update(percent, message),
        }
    }
}

/// A listener's place, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    listeners: Listeners,
    number: u64,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.listeners.lock();
        let listener = state.by_number.remove(&self.number);
        if let Some(token) = listener.as_ref().and_then(|it| it.token.as_ref()) {
            state.by_token.remove(token);
        }
        drop(state);
        // The sink is the host's own code; it is dropped outside the lock.
        drop(listener);
    }
}
