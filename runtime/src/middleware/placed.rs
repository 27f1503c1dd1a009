//! [`Placed`]: which hooks a middleware wraps, and where it stands among the others.

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{BoxFuture, HookError};

use super::patterns::Patterns;

/// A middleware of this crate, the hooks it wraps, and its place.
#[derive(Clone, Debug)]
pub struct Placed<M> {
    pub(super) middleware: M,
    pub(super) patterns: Patterns,
    priority: u32,
}

impl<M> Placed<M> {
    /// Around every hook.
    pub(super) fn at(priority: u32, middleware: M) -> Self {
        Self {
            middleware,
            patterns: Patterns::default(),
            priority,
        }
    }

    /// Narrows it to these hooks; `"*"` is any kind, or any hook. Several calls add up.
    #[must_use]
    pub fn on(mut self, kind: impl Into<String>, hook: impl Into<String>) -> Self {
        self.patterns.add(kind, hook);
        self
    }

    /// Sets where it stands.
    #[must_use]
    pub fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }
}

impl<M: Middleware> Middleware for Placed<M> {
    fn priority(&self) -> u32 {
        self.priority
    }

    fn wraps(&self, kind: &str, hook: &str) -> bool {
        self.patterns.fit(kind, hook)
    }

    // As `async_trait` has it, without a second box.
    fn call<'s: 'f, 'c: 'f, 'i: 'f, 'n: 'f, 'f>(
        &'s self,
        call: &'c mut Call<'i>,
        next: Next<'n>,
    ) -> BoxFuture<'f, Result<(), HookError>>
    where
        Self: 'f,
    {
        self.middleware.call(call, next)
    }
}
