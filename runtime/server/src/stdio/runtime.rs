//! What authors' code finds around it: a tokio runtime. Its own workers run what authors spawn, and
//! see to time and io; hooks are polled by others.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use dagstack_plugin_core::future::BoxFuture;
use dagstack_plugin_core::kind::Host;
use tokio::runtime::{Builder, EnterGuard, Runtime};
use tokio::time::Sleep;

/// Threads for what authors spawn. With one alone, a task that blocks would hold up all others, and
/// the clock.
const WORKERS: usize = 2;

/// The runtime, made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct AsyncRuntime(OnceLock<Option<Runtime>>);

impl AsyncRuntime {
    /// Makes the runtime, unless it is there or being made.
    pub(super) fn get(&self) -> Option<&Runtime> {
        self.0
            .get_or_init(|| {
                Builder::new_multi_thread()
                    .worker_threads(WORKERS)
                    .enable_all()
                    .thread_name("dagstack-async")
                    .build()
                    .inspect_err(|error| tracing::error!("cannot start the async runtime: {error}"))
                    .ok()
            })
            .as_ref()
    }

    /// Puts the runtime around what this thread does until the guard is dropped.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.get().map(Runtime::enter)
    }

    /// Waits, whatever thread polls it. Without a runtime there is no clock.
    pub(super) fn sleep(&self, time: Duration) -> Option<Sleep> {
        let _inside = self.enter()?;
        Some(tokio::time::sleep(time))
    }
}

/// Whoever polls a hook here has entered the runtime.
impl Host for AsyncRuntime {
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        match self.enter() {
            Some(_inside) => Box::pin(tokio::time::sleep_until(at.into())),
            // Without a runtime there is no clock.
            None => Box::pin(std::future::pending()),
        }
    }

    /// Every worker is a thread for long computations.
    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        work
    }
}

impl Drop for AsyncRuntime {
    fn drop(&mut self) {
        // What authors spawned may never end.
        if let Some(runtime) = self.0.take().flatten() {
            runtime.shutdown_background();
        }
    }
}
