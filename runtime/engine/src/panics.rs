//! Panics of futures of foreign code, caught.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use dagstack_plugin_core::panics::{Panicked, catch};

/// A future whose panic is a value.
#[derive(Debug)]
pub struct CatchPanic<F>(F);

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
        match catch(|| future.poll(cx)) {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}
