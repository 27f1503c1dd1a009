//! The tokio runtime for authors' async code: made when first needed, driven by a thread of its own
//! only once something has to wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Sleep;

use crate::plugin::BoxFuture;

/// Lazily all of it: a plugin without async code pays nothing.
#[derive(Debug, Default)]
pub(super) struct AsyncRuntime {
    runtime: OnceLock<Option<Arc<Runtime>>>,
    driven: OnceLock<()>,
}

impl AsyncRuntime {
    fn get(&self) -> Option<&Arc<Runtime>> {
        self.runtime
            .get_or_init(|| {
                let built = Builder::new_current_thread()
                    .enable_all()
                    .thread_name("dagstack-blocking")
                    .build();
                match built {
                    Ok(runtime) => Some(Arc::new(runtime)),
                    Err(error) => {
                        tracing::error!("cannot start the async runtime: {error}");
                        None
                    }
                }
            })
            .as_ref()
    }

    /// Runs a future inside the runtime: first here, on the caller's thread, as far as it goes
    /// without waiting, the rest on the runtime's own thread. So code that blocks before its first
    /// await holds up nobody else. `then` gets the outcome and whether it came without waiting.
    pub(super) fn run<T: Send + 'static>(
        &self,
        mut future: BoxFuture<'static, T>,
        then: impl FnOnce(T, bool) + Send + 'static,
    ) {
        let Some(runtime) = self.get() else {
            then(park_on(future), false);
            return;
        };
        let entered = runtime.enter();
        let polled = poll_once(future.as_mut());
        let waits = polled.is_pending();
        match polled {
            Poll::Ready(outcome) => then(outcome, true),
            // The task is polled again at once, so nothing that happened meanwhile is lost.
            Poll::Pending => drop(runtime.spawn(async move { then(future.await, false) })),
        }
        drop(entered);
        if waits || runtime.metrics().num_alive_tasks() > 0 {
            self.drive(runtime);
        }
    }

    /// Runs an author's synchronous code where it may spawn tasks.
    pub(super) fn enter(&self, code: impl FnOnce()) {
        let Some(runtime) = self.get() else {
            code();
            return;
        };
        let entered = runtime.enter();
        code();
        drop(entered);
        if runtime.metrics().num_alive_tasks() > 0 {
            self.drive(runtime);
        }
    }

    /// Waits, whatever thread polls it. Without a runtime it is ready at once.
    pub(super) fn sleep(&self, time: Duration) -> Option<Sleep> {
        let runtime = self.get()?;
        let _entered = runtime.enter();
        let sleep = tokio::time::sleep(time);
        self.drive(runtime);
        Some(sleep)
    }

    fn drive(&self, runtime: &Arc<Runtime>) {
        self.driven.get_or_init(|| {
            let runtime = Arc::clone(runtime);
            let spawned = std::thread::Builder::new()
                .name("dagstack-async".to_owned())
                .spawn(move || runtime.block_on(std::future::pending::<()>()));
            if let Err(error) = spawned {
                tracing::error!("cannot start the async runtime's thread: {error}");
            }
        });
    }
}

/// Polls without anyone to wake.
pub(super) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a future on this thread, without any runtime.
fn park_on<T>(mut future: BoxFuture<'static, T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return outcome;
        }
        std::thread::park();
    }
}
