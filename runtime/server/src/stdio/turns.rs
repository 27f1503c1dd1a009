//! The order of what is asked for one after the other: each turn comes when those before it are over.

use std::sync::Mutex;

use tokio::sync::oneshot;

use dagstack_plugin_core::sync::lock;

/// Who is last in the order.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Option<oneshot::Receiver<()>>>);

/// A place in the order, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _over: oneshot::Sender<()>,
}

impl Turns {
    /// The next place.
    pub(super) fn next(&self) -> Turn {
        let (over, is_over) = oneshot::channel();
        Turn {
            before: lock(&self.0).replace(is_over),
            _over: over,
        }
    }
}

impl Turn {
    /// What to wait for.
    pub(super) fn come(&mut self) -> impl Future<Output = ()> + Send + 'static {
        let before = self.before.take();
        async move {
            if let Some(before) = before {
                let _ = before.await;
            }
        }
    }
}
