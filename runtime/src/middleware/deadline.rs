//! [`Deadline`]: no call without an end.

use std::time::{Duration, Instant};

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, async_trait};

use super::placed::Placed;

/// What a [`Deadline`](super::Deadline) does.
#[derive(Clone, Debug)]
pub struct Deadline {
    limit: Duration,
}

impl Placed<Deadline> {
    /// A call may take so long.
    pub fn new(limit: Duration) -> Self {
        Self::at(5000, Deadline { limit })
    }
}

#[async_trait]
impl Middleware for Deadline {
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
