//! What peers can have this process hold: so many requests without an answer, with so many bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rmcp::ErrorData;
use rmcp::model::ErrorCode;

use dagstack_plugin_core::error::{HookError, code};

/// Counts what is held, up to a limit.
#[derive(Debug)]
pub(super) struct Bounds(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    most: usize,
    most_bytes: usize,
    held: AtomicUsize,
    bytes: AtomicUsize,
}

/// A share of what may be held, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    counts: Arc<Counts>,
    bytes: usize,
}

impl Bounds {
    /// So many at once, with so many bytes together; a single one may have more of them.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self(Arc::new(Counts {
            most,
            most_bytes,
            held: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        }))
    }

    /// Takes a share, or says why there is none. Where several take some at once, each may
    /// take the last one.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, ErrorData> {
        let counts = &self.0;
        let held = counts.held.load(Ordering::Relaxed);
        let together = counts.bytes.load(Ordering::Relaxed).saturating_add(bytes);
        if held >= counts.most || (held > 0 && together > counts.most_bytes) {
            return Err(counts.refusal());
        }
        counts.held.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(Held {
            counts: Arc::clone(counts),
            bytes,
        })
    }
}

impl Counts {
    #[cold]
    fn refusal(&self) -> ErrorData {
        let problem = format!(
            "too many requests wait for their answers: at most {} of them, with {} bytes together; send it again when some are answered",
            self.most, self.most_bytes
        );
        unavailable(problem)
    }
}

/// The error for what would have this process hold too much.
pub(super) fn unavailable(problem: String) -> ErrorData {
    let error = HookError::new(code::UNAVAILABLE, problem.clone());
    ErrorData::new(ErrorCode(-32000), problem, Some(error.to_value()))
}

impl Drop for Held {
    fn drop(&mut self) {
        self.counts.held.fetch_sub(1, Ordering::Relaxed);
        self.counts.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_the_limits_say() {
        let bounds = Bounds::new(3, 100);
        let large = bounds.hold(1000).unwrap();
        assert!(bounds.hold(1).is_err(), "by its bytes");
        drop(large);
        let small = [60, 30, 10].map(|bytes| bounds.hold(bytes).unwrap());
        let refused = bounds.hold(0).unwrap_err();
        assert_eq!(refused.code.0, -32000);
        assert_eq!(refused.data.unwrap()["code"], code::UNAVAILABLE);
        drop(small);
        assert!(bounds.hold(100).is_ok());
    }
}
