//! [`Deadline`]: no call without an end.

use std::time::{Duration, Instant};

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, async_trait};

use super::patterns::Patterns;

/// Gives every call a deadline, unless its caller has an earlier one. It acts where a hook awaits,
/// in every runtime; a `fn` hook that runs cannot be interrupted.
///
/// ```
/// use std::time::Duration;
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::Deadline;
///
/// let builder = Registry::builder()
///     .middleware(Deadline::new(Duration::from_secs(60)))
///     .middleware(Deadline::new(Duration::from_secs(5)).on("tool", "execute"));
/// ```
#[derive(Clone, Debug)]
pub struct Deadline {
    limit: Duration,
    patterns: Patterns,
    priority: u32,
}

impl Deadline {
    /// A call may take so long.
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            patterns: Patterns::default(),
            priority: 5000,
        }
    }

    /// Narrows it to these hooks; `"*"` is any kind, or any hook. Several calls add up.
    #[must_use]
    pub fn on(mut self, kind: impl Into<String>, hook: impl Into<String>) -> Self {
        self.patterns.add(kind, hook);
        self
    }

    /// Sets where it stands; 5000 by default, outside of [`ConcurrencyLimit`](super::ConcurrencyLimit),
    /// so that waiting counts.
    #[must_use]
    pub fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }
}

#[async_trait]
impl Middleware for Deadline {
    fn priority(&self) -> u32 {
        self.priority
    }

    fn wraps(&self, kind: &str, hook: &str) -> bool {
        self.patterns.match_or_all(kind, hook)
    }

    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        // A time too long to count is no deadline.
        if let Some(ours) = Instant::now().checked_add(self.limit)
            && call.ctx().deadline().is_none_or(|theirs| theirs > ours)
        {
            call.set_ctx(call.ctx().clone().with_deadline(ours));
        }
        next.run(call).await
    }
}
