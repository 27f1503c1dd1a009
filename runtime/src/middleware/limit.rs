//! [`ConcurrencyLimit`]: no more than so many calls at a time.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::sync::{read, write};
use dagstack_plugin::{HookError, PluginName, async_trait, code};
use tokio::sync::{Semaphore, TryAcquireError};

use super::placed::Placed;

/// What a [`ConcurrencyLimit`](super::ConcurrencyLimit) does.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    limit: usize,
    /// `None`: one for each plugin.
    global: Option<Arc<Semaphore>>,
    by_plugin: RwLock<HashMap<PluginName, Arc<Semaphore>>>,
    rejects: bool,
}

impl Placed<ConcurrencyLimit> {
    /// At most `limit` calls of each plugin; at least 1.
    pub fn new(limit: usize) -> Self {
        let places = ConcurrencyLimit {
            limit: limit.clamp(1, Semaphore::MAX_PERMITS),
            global: None,
            by_plugin: RwLock::default(),
            rejects: false,
        };
        Self::at(2000, places)
    }

    /// Counts the calls of all plugins together.
    #[must_use]
    pub fn global(mut self) -> Self {
        let places = &mut self.middleware;
        places.global = Some(Arc::new(Semaphore::new(places.limit)));
        self
    }

    /// Refuses calls beyond the limit with [`code::QUOTA_EXCEEDED`] instead of letting them wait.
    #[must_use]
    pub fn reject(mut self) -> Self {
        self.middleware.rejects = true;
        self
    }
}

impl ConcurrencyLimit {
    /// The places of a plugin.
    fn places(&self, plugin: &PluginName) -> Arc<Semaphore> {
        if let Some(global) = &self.global {
            return Arc::clone(global);
        }
        let known = read(&self.by_plugin);
        if let Some(places) = known.get(plugin) {
            return Arc::clone(places);
        }
        drop(known);
        let mut known = write(&self.by_plugin);
        let places = known
            .entry(plugin.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(self.limit)));
        Arc::clone(places)
    }
}

#[async_trait]
impl Middleware for ConcurrencyLimit {
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
            // The wait ends with the call, which is given up from outside.
            Err(TryAcquireError::NoPermits) => places.acquire().await.ok(),
            // Nobody closes it.
            Err(TryAcquireError::Closed) => None,
        };
        next.run(call).await
    }
}
