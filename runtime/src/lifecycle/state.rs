//! [`Lifecycle`]: what setups, reloads, restarts and teardowns of a registry share.

use std::sync::{Arc, Mutex};

use dagstack_plugin::sync::lock;
use tokio::runtime::Handle;
use tokio::sync::{MutexGuard, Semaphore};

use super::options::Options;
use crate::background::Background;
use crate::host::{CpuPool, TokioHost};

/// The part of a registry that changes what its plugins are.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    turn: tokio::sync::Mutex<()>,
    pub(crate) options: Options,
    /// For `thread_cpu_bound` hooks.
    permits: Arc<Semaphore>,
    /// The runtime of the last setup.
    runtime: Mutex<Option<Handle>>,
    /// The health checks in the background.
    watch: Mutex<Option<Background>>,
}

impl Lifecycle {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            options,
            permits: CpuPool::permits(),
            runtime: Mutex::default(),
            watch: Mutex::default(),
        }
    }

    /// Waits for its turn to change things: one setup, reload, restart or teardown at a time.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// What plugins in this process get of this runtime.
    pub(super) fn host(&self, runtime: Handle) -> TokioHost {
        *lock(&self.runtime) = Some(runtime.clone());
        let pool = CpuPool::new(runtime.clone(), Arc::clone(&self.permits));
        TokioHost::new(runtime, pool)
    }

    /// The runtime around the caller, or else that of the last setup.
    pub(crate) fn runtime(&self) -> Option<Handle> {
        let last = || lock(&self.runtime).clone();
        Handle::try_current().ok().or_else(last)
    }

    /// Replaces the health checks in the background.
    pub(super) fn set_watch(&self, watch: Option<Background>) {
        *lock(&self.watch) = watch;
    }

    pub(super) fn is_watching(&self) -> bool {
        let watch = lock(&self.watch);
        watch.as_ref().is_some_and(|it| !it.is_finished())
    }
}
