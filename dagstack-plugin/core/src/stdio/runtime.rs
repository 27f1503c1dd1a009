//! What authors' code finds around it: a tokio runtime.
//!
//! Hooks are polled by the [`pool`], each by the worker that read it and, once it has
//! waited, by one that is free. So one that blocks, before an await or behind it, holds up its worker
//! and nobody else. The runtime's own workers run what authors spawn, and see to time and io.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Runtime};
use tokio::time::Sleep;

use super::pool;
use super::serve::{Job, Server};
use crate::future::BoxFuture;
use crate::task::{Executor, Task};

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

impl Drop for AsyncRuntime {
    fn drop(&mut self) {
        // What authors spawned may never end.
        if let Some(runtime) = self.0.take().flatten() {
            runtime.shutdown_background();
        }
    }
}

/// Runs a future of an author's: first here, on the caller's thread, which is inside the runtime, as
/// far as it goes without waiting; the rest on a worker that is free. `then` gets the outcome and
/// whether it came without waiting.
pub(super) fn run<T: Send + 'static>(
    server: &Arc<Server>,
    mut future: BoxFuture<'static, T>,
    then: impl FnOnce(T, bool) + Send + 'static,
) {
    match poll_once(future.as_mut()) {
        Poll::Ready(outcome) => then(outcome, true),
        Poll::Pending => {
            let rest = Box::pin(async move { then(future.await, false) });
            // It is polled again at once, so nothing that happened meanwhile is lost.
            Task::new(Hooks(Arc::clone(server)), rest).run();
        }
    }
}

/// Polls without anyone to wake.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The pool, for what waits.
pub(super) struct Hooks(Arc<Server>);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}

impl Executor for Hooks {
    fn submit(task: Arc<Task<Self>>) {
        let Self(server) = task.executor();
        let server = Arc::clone(server);
        pool::resume(&server, Job::Resume(task));
    }

    fn within<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _inside = self.0.runtime.enter();
        poll()
    }
}
