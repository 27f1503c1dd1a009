//! Panics of foreign code, caught.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use dagstack_plugin_core::panics::forget_panic;

/// A future whose panic is a value.
#[derive(Debug)]
pub struct CatchPanic<F>(F);

/// The panic that [`CatchPanic`] caught. The payload is dropped: it may quote a secret.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

impl<F: Future + Unpin> CatchPanic<F> {
    /// Guards `future`.
    pub fn new(future: F) -> Self {
        Self(future)
    }
}

impl<F: Future + Unpin> Future for CatchPanic<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = Pin::new(&mut self.0);
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => {
                forget_panic(payload);
                Poll::Ready(Err(Panicked))
            }
        }
    }
}
