//! [`Progress`]: how far a hook is, told to whoever called it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use serde_json::Value;

use crate::encode::nesting::shallow;
use crate::panics::forget_panic;

/// What a hook tells its caller while it runs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProgressReport {
    /// How far it is.
    Update {
        /// From 0 to 100.
        percent: f64,
        /// What it is doing.
        message: String,
        /// More of it.
        payload: Option<Value>,
    },
    /// Something happened.
    Event {
        /// What.
        event_type: String,
        /// More of it.
        payload: Value,
    },
}

/// Takes the reports of the calls it is given to
/// ([`HookContext::with_progress`](crate::HookContext::with_progress)). A closure is one too.
///
/// It is called on the hook's own thread and must return at once; what it cannot take it drops.
/// [`queue`] makes one that does.
pub trait ProgressSink: Send + Sync + 'static {
    /// Takes one report.
    fn report(&self, report: ProgressReport);
}

impl<F: Fn(ProgressReport) + Send + Sync + 'static> ProgressSink for F {
    fn report(&self, report: ProgressReport) {
        self(report);
    }
}

/// A sink that keeps up to `capacity` reports for a receiver to take, and drops what comes on top. The
/// first drop is warned of.
///
/// ```
/// use std::sync::Arc;
/// use dagstack_plugin::{HookContext, progress};
///
/// let (sink, reports) = progress::queue(16);
/// let ctx = HookContext::default().with_progress(Arc::new(sink));
/// ctx.progress().update(50.0, "half of it");
/// drop(ctx);
/// assert_eq!(reports.iter().count(), 1);
/// ```
pub fn queue(capacity: usize) -> (ProgressQueue, Receiver<ProgressReport>) {
    let (sender, receiver) = sync_channel(capacity.max(1));
    let queue = ProgressQueue {
        sender,
        warned: AtomicBool::new(false),
    };
    (queue, receiver)
}

/// The sink of a [`queue`].
#[derive(Debug)]
pub struct ProgressQueue {
    sender: SyncSender<ProgressReport>,
    warned: AtomicBool,
}

impl ProgressSink for ProgressQueue {
    fn report(&self, report: ProgressReport) {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(report) {
            warn_of_drops(&self.warned);
        }
    }
}

/// Warns of the first report that is dropped.
#[doc(hidden)]
pub fn warn_of_drops(warned: &AtomicBool) {
    if !warned.swap(true, Ordering::Relaxed) {
        tracing::warn!("progress reports are dropped: they come faster than they are taken");
    }
}

/// Where a hook writes how far it is: [`HookContext::progress`](crate::HookContext::progress).
///
/// It never blocks and tells nothing back. Where the caller does not listen, reports are dropped.
#[derive(Clone, Copy)]
pub struct Progress<'a>(Option<&'a dyn ProgressSink>);

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_heard() {
            "Progress"
        } else {
            "no Progress"
        })
    }
}

impl<'a> Progress<'a> {
    /// Reports to `sink`. Adapters do.
    pub fn to(sink: &'a dyn ProgressSink) -> Self {
        Self(Some(sink))
    }

    pub(crate) fn new(sink: Option<&'a dyn ProgressSink>) -> Self {
        Self(sink)
    }

    /// Whether anybody listens. Asked before a report that is costly to make.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Says how far the hook is, in percent (0 to 100).
    ///
    /// ```
    /// # let ctx = dagstack_plugin::HookContext::default();
    /// for page in 0..10 {
    ///     ctx.progress().update(f64::from(page) * 10.0, format!("page {page}"));
    /// }
    /// ```
    pub fn update(&self, percent: f64, message: impl Into<String>) {
        self.report(|| ProgressReport::Update {
            percent,
            message: message.into(),
            payload: None,
        });
    }

    /// [`update`](Self::update) with more of it. A payload that nests deeper than
    /// [`MAX_NESTING`](crate::encode::nesting::MAX_NESTING) levels is left out, and a text says so.
    pub fn update_with(&self, percent: f64, message: impl Into<String>, payload: impl Into<Value>) {
        self.report(|| ProgressReport::Update {
            percent,
            message: message.into(),
            payload: Some(shallow(payload.into())),
        });
    }

    /// Says that something happened.
    pub fn event(&self, event_type: impl Into<String>, payload: impl Into<Value>) {
        self.report(|| ProgressReport::Event {
            event_type: event_type.into(),
            payload: shallow(payload.into()),
        });
    }

    fn report(&self, report: impl FnOnce() -> ProgressReport) {
        let Some(sink) = self.0 else { return };
        let mut report = report();
        if let ProgressReport::Update { percent, .. } = &mut report {
            if percent.is_nan() {
                tracing::warn!("dropped a progress report: its percentage is not a number");
                return;
            }
            *percent = percent.clamp(0.0, 100.0);
        }
        // The host's own code must not end the plugin's call.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| sink.report(report))) {
            forget_panic(panic);
            tracing::error!("a progress sink panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::HookContext;

    #[test]
    fn a_full_queue_drops_and_never_blocks() {
        let (sink, reports) = queue(2);
        let ctx = HookContext::default().with_progress(Arc::new(sink));
        for percent in [-5.0, 50.0, 70.0] {
            ctx.progress().update(percent, "going on");
        }
        ctx.progress().update(f64::NAN, "lost");
        let taken: Vec<_> = reports.try_iter().collect();
        assert_eq!(taken.len(), 2);
        assert!(matches!(&taken[0], ProgressReport::Update { percent, .. } if *percent == 0.0));
        ctx.progress().event("page", json!({ "number": 1 }));
        assert!(matches!(
            reports.try_recv(),
            Ok(ProgressReport::Event { .. })
        ));
        drop(reports);
        ctx.progress().update_with(90.0, "nobody is left", json!(1));
    }

    #[test]
    fn a_panicking_sink_harms_no_hook() {
        let ctx =
            HookContext::default().with_progress(Arc::new(|_: ProgressReport| panic!("asked to")));
        ctx.progress().update(1.0, "begun");
        assert!(!HookContext::default().progress().is_heard());
    }
}
