//! The runtime around what a test runs: the host that the plugin finds.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tracing::{Dispatch, dispatcher};

use crate::error::{HookError, code};
use crate::future::BoxFuture;
use crate::kind::Host;
use dagstack_engine::task;

/// A runtime that may be dropped inside another one, where tokio's own would panic. What runs on its
/// threads logs to one subscriber.
pub(super) struct TestRuntime {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    subscriber: Dispatch,
}

impl TestRuntime {
    pub(super) fn new(subscriber: Dispatch) -> Result<Arc<Self>, HookError> {
        let on_threads = subscriber.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            // For as long as the thread lives.
            .on_thread_start(move || {
                let _ = ManuallyDrop::new(dispatcher::set_default(&on_threads));
            })
            .build();
        match runtime {
            Ok(runtime) => Ok(Arc::new(Self {
                runtime: Some(runtime),
                subscriber,
            })),
            Err(error) => Err(HookError::new(code::UNAVAILABLE, error.to_string())),
        }
    }

    /// Awaits on a thread that the runtime drives, as most hosts call a hook.
    pub(super) fn block_on<T: Send>(
        &self,
        future: impl Future<Output = Result<T, HookError>> + Send,
    ) -> Result<T, HookError> {
        self.on_thread(|runtime| runtime.block_on(future))
    }

    /// Awaits on a thread that is inside the runtime, but may block, as hosts run everything else.
    pub(super) fn block_beside<T: Send>(
        &self,
        future: impl Future<Output = Result<T, HookError>> + Send,
    ) -> Result<T, HookError> {
        self.on_thread(|runtime| {
            let _inside = runtime.enter();
            task::block_on(future)
        })
    }

    /// On a thread of its own: the caller may be inside a runtime.
    fn on_thread<T: Send>(
        &self,
        run: impl FnOnce(&Runtime) -> Result<T, HookError> + Send,
    ) -> Result<T, HookError> {
        let Some(runtime) = &self.runtime else {
            return Err(HookError::new(code::UNAVAILABLE, "the test plugin is gone"));
        };
        let run = || dispatcher::with_default(&self.subscriber, || run(runtime));
        std::thread::scope(|scope| scope.spawn(run).join())
            .unwrap_or_else(|_| Err(HookError::new(code::PANICKED, "the call panicked")))
    }
}

impl Host for TestRuntime {
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        let _inside = self.runtime.as_ref().map(Runtime::enter);
        Box::pin(tokio::time::sleep_until(at.into()))
    }

    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let runtime = self.runtime.as_ref();
        let done = runtime.map(|it| it.spawn_blocking(|| task::block_on(work)));
        Box::pin(async {
            if let Some(done) = done {
                let _ = done.await;
            }
        })
    }

    // A typed call is polled by whatever awaits it, which has another runtime and subscriber, or none.
    fn is_around(&self) -> fn() -> bool {
        || false
    }

    fn run_within(&self, code: &mut dyn FnMut()) {
        let _inside = self.runtime.as_ref().map(Runtime::enter);
        dispatcher::with_default(&self.subscriber, code);
    }
}

impl Drop for TestRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
