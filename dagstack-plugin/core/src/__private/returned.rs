//! What becomes of a hook's result.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::args::Encoding;
use crate::error::HookError;
use crate::form::Output;
use crate::plugin::Called;

/// What becomes of a result.
pub type Then<T> = fn(T, Encoding) -> Poll<Result<Output, HookError>>;

/// A hook that is not awaited.
#[allow(clippy::missing_errors_doc)]
pub fn not_awaited<'a>(
    mut call: impl FnMut() -> Poll<Result<Output, HookError>> + Send + 'a,
) -> Called<'a> {
    Ok(Box::pin(poll_fn(move |_| call())))
}

pin_project! {
    /// A hook that is awaited, and what becomes of its result.
    pub struct Awaited<F: Future> {
        #[pin]
        future: F,
        then: Then<F::Output>,
        encoding: Encoding,
    }
}

impl<F: Future + Send> Awaited<F> {
    /// The hook whose call is `future`.
    #[allow(clippy::missing_errors_doc)]
    pub fn call<'a>(future: F, then: Then<F::Output>, encoding: Encoding) -> Called<'a>
    where
        F: 'a,
        F::Output: 'a,
    {
        Ok(Box::pin(Self {
            future,
            then,
            encoding,
        }))
    }
}

impl<F: Future> Future for Awaited<F> {
    type Output = Result<Output, HookError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(returned) => (this.then)(returned, *this.encoding),
            Poll::Pending => Poll::Pending,
        }
    }
}
