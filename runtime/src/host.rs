//! [`TokioHost`]: what plugins in this process are given of the host.

use std::sync::Arc;
use std::time::Instant;

use dagstack_engine::task;
use dagstack_engine::task::MAX_RUNNING;
use dagstack_plugin::kind::Host;
use dagstack_plugin::{BoxFuture, CancelToken};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The clock and the threads of the runtime that the registry was set up on.
#[derive(Clone, Debug)]
pub(crate) struct TokioHost {
    runtime: Handle,
    pool: CpuPool,
    /// Cancelled once the generation that has this host waits for its calls no longer.
    revoked: Option<CancelToken>,
}

impl TokioHost {
    pub(crate) fn new(runtime: Handle, pool: CpuPool) -> Self {
        Self {
            runtime,
            pool,
            revoked: None,
        }
    }

    /// The host of one generation.
    pub(crate) fn revocable(&self, revoked: CancelToken) -> Self {
        Self {
            revoked: Some(revoked),
            ..self.clone()
        }
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl Host for TokioHost {
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        // The caller need not be on a tokio runtime; the registry's has the clock.
        let _runtime = self.runtime.enter();
        Box::pin(tokio::time::sleep_until(at.into()))
    }

    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let pool = self.pool.clone();
        Box::pin(async move { pool.run(work).await })
    }

    fn revoked(&self) -> Option<&CancelToken> {
        self.revoked.as_ref()
    }

    fn is_around(&self) -> fn() -> bool {
        // A task has a runtime, and asking for the task costs less.
        || tokio::task::try_id().is_some() || Handle::try_current().is_ok()
    }

    fn run_within(&self, code: &mut dyn FnMut()) {
        let _inside = self.runtime.enter();
        code();
    }
}

/// Where `thread_cpu_bound` hooks run: tokio's blocking threads, at most [`MAX_RUNNING`] at a time.
#[derive(Clone, Debug)]
pub(crate) struct CpuPool {
    runtime: Handle,
    permits: Arc<Semaphore>,
}

impl CpuPool {
    /// What all pools of a registry share.
    pub(crate) fn permits() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(MAX_RUNNING))
    }

    /// A pool on this runtime.
    pub(crate) fn new(runtime: Handle, permits: Arc<Semaphore>) -> Self {
        Self { runtime, permits }
    }

    /// Drives `work` to its end on a thread of the pool; without one, where the runtime shuts
    /// down, drops it. The thread is inside the runtime, but no runtime drives it: it may block.
    pub(crate) async fn run(&self, work: BoxFuture<'static, ()>) {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
            return;
        };
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let span = tracing::Span::current();
        let done = self.runtime.spawn_blocking(move || {
            let _permit = permit;
            tracing::dispatcher::with_default(&dispatch, || {
                let _entered = span.enter();
                task::block_on(work);
            });
        });
        let _ = done.await;
    }
}
