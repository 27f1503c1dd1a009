//! [`ConcurrencyLimit`]: no more than so many calls at a time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, PluginName, async_trait, code};
use tokio::sync::{Semaphore, TryAcquireError};

use super::patterns::Patterns;

/// Lets at most so many calls of each plugin go on at a time. The others wait in the order they
/// came, until their deadline passes or their caller gives up.
///
/// ```
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::ConcurrencyLimit;
///
/// let builder = Registry::builder()
///     .middleware(ConcurrencyLimit::new(8).on("chunker", "*"))
///     .middleware(ConcurrencyLimit::new(1).global().reject().on("tool", "execute"));
/// ```
///
/// A plugin that calls itself, or is called by one it calls, takes a place for each of these calls:
/// under a limit that is too small they wait for each other until a deadline ends it.
pub struct ConcurrencyLimit {
    limit: usize,
    /// `None`: one for each plugin.
    global: Option<Arc<Semaphore>>,
    by_plugin: RwLock<HashMap<PluginName, Arc<Semaphore>>>,
    rejects: bool,
    patterns: Patterns,
    priority: u32,
}

impl fmt::Debug for ConcurrencyLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimit")
            .field("limit", &self.limit)
            .field("global", &self.global.is_some())
            .field("rejects", &self.rejects)
            .field("patterns", &self.patterns)
            .finish_non_exhaustive()
    }
}

impl ConcurrencyLimit {
    /// At most `limit` calls of each plugin; at least 1.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.clamp(1, Semaphore::MAX_PERMITS),
            global: None,
            by_plugin: RwLock::default(),
            rejects: false,
            patterns: Patterns::default(),
            priority: 2000,
        }
    }

    /// Counts the calls of all plugins together.
    #[must_use]
    pub fn global(mut self) -> Self {
        self.global = Some(Arc::new(Semaphore::new(self.limit)));
        self
    }

    /// Refuses calls beyond the limit with [`code::QUOTA_EXCEEDED`] instead of letting them wait.
    #[must_use]
    pub fn reject(mut self) -> Self {
        self.rejects = true;
        self
    }

    /// Narrows it to these hooks; `"*"` is any kind, or any hook. Several calls add up.
    #[must_use]
    pub fn on(mut self, kind: impl Into<String>, hook: impl Into<String>) -> Self {
        self.patterns.add(kind, hook);
        self
    }

    /// Sets where it stands; 2000 by default.
    #[must_use]
    pub fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// The places of a plugin.
    fn places(&self, plugin: &PluginName) -> Arc<Semaphore> {
        if let Some(global) = &self.global {
            return Arc::clone(global);
        }
        let known = self
            .by_plugin
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = known.get(plugin) {
            return Arc::clone(places);
        }
        drop(known);
        let mut known = self
            .by_plugin
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let places = known
            .entry(plugin.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(self.limit)));
        Arc::clone(places)
    }
}

#[async_trait]
impl Middleware for ConcurrencyLimit {
    fn priority(&self) -> u32 {
        self.priority
    }

    fn wraps(&self, kind: &str, hook: &str) -> bool {
        self.patterns.match_or_all(kind, hook)
    }

    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let places = self.places(call.plugin());
        let _place = match places.try_acquire() {
            Ok(place) => Some(place),
            Err(TryAcquireError::NoPermits) if self.rejects => {
                return Err(HookError::new(
                    code::QUOTA_EXCEEDED,
                    format!(
                        "{} calls of `{}` are on their way already",
                        self.limit,
                        call.plugin()
                    ),
                ));
            }
            // Whoever called is watched from outside: it may stop waiting at any time.
            Err(TryAcquireError::NoPermits) => places.acquire().await.ok(),
            // Nobody closes it.
            Err(TryAcquireError::Closed) => None,
        };
        next.run(call).await
    }
}
