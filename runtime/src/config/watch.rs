//! How a source reports changes: [`Changed`], and the [`Watch`] that keeps it doing so.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use dagstack_plugin::sync::lock;
use tokio::sync::Notify;

/// What a source calls when its tree may have changed. Cheap to clone; never blocks.
#[derive(Clone)]
pub struct Changed {
    signal: Arc<Signal>,
    source: usize,
}

impl Changed {
    pub(super) fn new(signal: Arc<Signal>, source: usize) -> Self {
        Self { signal, source }
    }

    /// The tree may have changed: the registry loads it again, soon. Calls that come before it
    /// does are taken as one.
    pub fn notify(&self) {
        self.signal.push(self.source);
    }
}

impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Changed(source {})", self.source)
    }
}

/// Sources whose change is not dealt with yet.
#[derive(Default)]
pub(super) struct Signal {
    pending: Mutex<VecDeque<usize>>,
    wake: Notify,
}

impl Signal {
    fn push(&self, source: usize) {
        let mut pending = lock(&self.pending);
        if !pending.contains(&source) {
            pending.push_back(source);
        }
        drop(pending);
        self.wake.notify_one();
    }

    /// The source that changed first.
    pub(super) async fn next(&self) -> usize {
        loop {
            let first = lock(&self.pending).pop_front();
            match first {
                Some(source) => return source,
                // What comes in between leaves a permit.
                None => self.wake.notified().await,
            }
        }
    }
}

/// Keeps a source watching; dropped, it stops.
pub struct Watch {
    _guard: Box<dyn std::any::Any + Send + Sync>,
    covers: Option<Vec<String>>,
}

impl Watch {
    /// A watch that lasts as long as `guard`, over the whole tree.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self {
            _guard: Box::new(guard),
            covers: None,
        }
    }

    /// Limits it to these dotted paths and what lies under them.
    #[must_use]
    pub fn covering<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.covers = Some(paths.into_iter().map(Into::into).collect());
        self
    }

    /// Whether a change at `path`, or anywhere under it, is noticed.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.covers.as_ref().is_none_or(|covered| {
            let mut covered = covered.iter();
            covered.any(|it| is_under(path, it) || is_under(it, path))
        })
    }
}

fn is_under(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.covers {
            Some(paths) => write!(f, "Watch({paths:?})"),
            None => f.write_str("Watch"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_covers_what_lies_on_its_paths() {
        let watch = Watch::new(()).covering(["chunker.fixed", "tool"]);
        for path in [
            "chunker.fixed",
            "chunker.fixed.max_size",
            "chunker",
            "tool.echo",
        ] {
            assert!(watch.covers(path), "{path}");
        }
        for path in ["chunker.other", "chunker.fixed2", "tools", "kind.name"] {
            assert!(!watch.covers(path), "{path}");
        }
        assert!(Watch::new(()).covers("anything.at.all"));
    }
}
