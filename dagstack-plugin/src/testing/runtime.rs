//! The runtime around what a test runs.

use tokio::runtime::{Builder, Runtime};

use crate::error::{HookError, code};
use dagstack_engine::task;

/// A runtime that may be dropped inside another one, where tokio's own would panic.
pub(super) struct TestRuntime(
    /// `None` only while it is dropped.
    Option<Runtime>,
);

impl TestRuntime {
    pub(super) fn new() -> Result<Self, HookError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => Ok(Self(Some(runtime))),
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
        let Some(runtime) = &self.0 else {
            return Err(HookError::new(code::UNAVAILABLE, "the test plugin is gone"));
        };
        std::thread::scope(|scope| scope.spawn(|| run(runtime)).join())
            .unwrap_or_else(|_| Err(HookError::new(code::PANICKED, "the call panicked")))
    }
}

impl Drop for TestRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
