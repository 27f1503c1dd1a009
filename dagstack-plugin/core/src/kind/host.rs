//! [`Host`]: what a plugin in this process needs of the host it runs in.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::context::HookContext;
use crate::error::{HookError, code, panicked};
use crate::future::BoxFuture;
use crate::sync::lock;

/// What a plugin in this process needs of the host it runs in.
pub trait Host: Send + Sync + 'static {
    /// Completes at `at`.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()>;

    /// Drives `work` to its end on a thread for long computations, and completes then; completes
    /// early, with `work` dropped, where the host shuts down.
    ///
    /// `work` may block there, and start runtimes of its own.
    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()>;

    /// Tells calls on their way that their plugin goes and waits for them no longer.
    fn revoked(&self) -> Option<&CancelToken> {
        None
    }

    /// Tells whoever calls it whether a runtime is around them already.
    fn is_around(&self) -> fn() -> bool {
        || true
    }

    /// Runs `code` with the host's runtime around it.
    fn run_within(&self, code: &mut dyn FnMut()) {
        code();
    }
}

impl dyn Host {
    /// Runs an author's code with a runtime around it: the caller's own, which costs nothing, or else
    /// the host's. `None` only where the host does not run it.
    #[inline]
    pub fn within<T>(&self, code: impl FnOnce() -> T) -> Option<T> {
        if self.is_around()() {
            return Some(code());
        }
        self.brought(code)
    }

    /// Runs it with the host's runtime around it.
    #[cold]
    pub(super) fn brought<T>(&self, code: impl FnOnce() -> T) -> Option<T> {
        let (mut code, mut outcome) = (Some(code), None);
        self.run_within(&mut || outcome = code.take().map(|code| code()));
        outcome
    }

    /// Runs `job` on one of the host's threads for long computations. It cannot be interrupted there,
    /// so `running` is kept until it ends, whether or not anybody waits for it.
    ///
    /// # Errors
    ///
    /// Those of the job; [`code::PANICKED`], by the name of the hook; [`code::UNAVAILABLE`] where the
    /// host shuts down.
    pub async fn off_thread<T: Send + 'static>(
        &self,
        hook: String,
        ctx: HookContext,
        running: impl Send + 'static,
        job: impl FnOnce(HookContext) -> BoxFuture<'static, Result<T, HookError>> + Send + 'static,
    ) -> Result<T, HookError> {
        // The hook sees the caller's cancellation, and also that the caller went away.
        let token = CancelToken::new();
        let given_up = CancelOnDrop(Some(token.clone()));
        if ctx.cancellation().is_cancelled() {
            token.cancel();
        }
        let ctx = ctx.with_cancellation(token);
        let slot = Arc::new(Mutex::new(None));
        let answer = Arc::clone(&slot);
        let work = Box::pin(async move {
            // First the plugin, which the job has, then the count: a teardown that finds no calls
            // asks who holds it.
            let _until_the_end = running;
            let mut job = pin!(async move { job(ctx).await });
            let outcome = poll_fn(|cx| {
                let polled = catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(cx)));
                polled.unwrap_or_else(|payload| Poll::Ready(Err(panicked(&hook, payload))))
            })
            .await;
            *lock(&answer) = Some(outcome);
        });
        self.run_on_thread(work).await;
        match lock(&slot).take() {
            Some(outcome) => {
                given_up.disarm();
                outcome
            }
            None => Err(HookError::new(
                code::UNAVAILABLE,
                "the host is shutting down",
            )),
        }
    }
}

/// Tells a hook that nobody waits for it any more.
struct CancelOnDrop(Option<CancelToken>);

impl CancelOnDrop {
    /// The hook has ended; what it has begun elsewhere goes on.
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(token) = &self.0 {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Threads;

    impl Host for Threads {
        fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
        fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
            work
        }
    }

    #[tokio::test]
    async fn what_a_hook_has_begun_goes_on_when_the_hook_ends_well() {
        let host: &dyn Host = &Threads;
        let job = |ctx: HookContext| -> BoxFuture<'static, _> {
            Box::pin(async move { Ok(ctx.cancellation().clone()) })
        };
        let called = host.off_thread("hash".to_owned(), HookContext::new(), (), job);
        let token = called.await.unwrap();
        assert!(!token.is_cancelled());
    }

    #[tokio::test]
    async fn a_hook_hears_that_nobody_waits_for_it_any_more() {
        let host: &dyn Host = &Threads;
        let (tell, told) = std::sync::mpsc::channel();
        let job = move |ctx: HookContext| -> BoxFuture<'static, Result<(), _>> {
            tell.send(ctx.cancellation().clone()).unwrap();
            Box::pin(std::future::pending())
        };
        let mut called = Box::pin(host.off_thread("hash".to_owned(), HookContext::new(), (), job));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(called.as_mut().poll(&mut cx).is_pending());
        drop(called);
        assert!(told.recv().unwrap().is_cancelled());
    }

    /// Begins what it is given, and shuts down.
    struct Ending;

    impl Host for Ending {
        fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
        fn run_on_thread(&self, mut work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
            Box::pin(poll_fn(move |cx| {
                assert!(work.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            }))
        }
    }

    #[tokio::test]
    async fn a_hook_hears_that_its_host_shuts_down() {
        let host: &dyn Host = &Ending;
        let (tell, told) = std::sync::mpsc::channel();
        let job = move |ctx: HookContext| -> BoxFuture<'static, Result<(), _>> {
            tell.send(ctx.cancellation().clone()).unwrap();
            Box::pin(std::future::pending())
        };
        let called = host.off_thread("hash".to_owned(), HookContext::new(), (), job);
        let error = called.await.unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE);
        assert!(told.recv().unwrap().is_cancelled());
    }
}
