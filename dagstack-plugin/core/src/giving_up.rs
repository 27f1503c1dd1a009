//! A caller who waits no longer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cancel::{CancelToken, Cancelled};
use crate::context::HookContext;
use crate::error::{HookError, code, deadline_exceeded, was_cancelled, was_revoked};
use crate::future::BoxFuture;
use crate::kind::Host;

/// Refuses a call whose caller has already given up.
///
/// # Errors
///
/// [`CANCELLED`](crate::code::CANCELLED) or [`DEADLINE_EXCEEDED`](crate::code::DEADLINE_EXCEEDED).
#[inline]
pub fn given_up(ctx: &HookContext) -> Result<(), HookError> {
    if !has_given_up(ctx) {
        return Ok(());
    }
    Err(if ctx.cancellation().is_cancelled() {
        was_cancelled()
    } else {
        deadline_exceeded()
    })
}

/// Whether the caller has already given up.
#[inline]
pub(crate) fn has_given_up(ctx: &HookContext) -> bool {
    ctx.cancellation().is_cancelled() || ctx.remaining().is_some_and(|left| left.is_zero())
}

/// Awaits a call until its caller gives up. The call finds a runtime around it, whoever awaits it.
///
/// A cancellation counts only where nobody waits for the answer any more; it is asked about once.
///
/// # Errors
///
/// Those of the call, and those of [`given_up`].
pub async fn until_given_up<T>(
    ctx: &HookContext,
    host: &dyn Host,
    mut call: Pin<&mut (impl Future<Output = Result<T, HookError>> + ?Sized)>,
    is_wanted: impl Fn() -> bool,
) -> Result<T, HookError> {
    // Most calls end without waiting.
    let mut giving_up = None;
    poll_fn(|cx| {
        match host.within(|| call.as_mut().poll(cx)) {
            Some(Poll::Pending) => {}
            Some(ready) => return ready,
            None => return Poll::Ready(Err(not_run())),
        }
        let giving_up = giving_up.get_or_insert_with(|| GivingUp::new(ctx, host));
        match giving_up.poll(cx) {
            Poll::Ready(error) if error.code() == code::CANCELLED && is_wanted() => {
                giving_up.cancelled = None;
                giving_up.poll(cx).map(Err)
            }
            given_up => given_up.map(Err),
        }
    })
    .await
}

/// Waits for the caller of a running hook to cancel, for its deadline, or for the plugin to go.
pub(crate) struct GivingUp {
    /// `None` once that does not matter.
    cancelled: Option<Cancelled>,
    revoked: Option<Cancelled>,
    deadline: Option<BoxFuture<'static, ()>>,
}

impl GivingUp {
    /// Watches the caller of `ctx` by the clock of `host`.
    pub(crate) fn new(ctx: &HookContext, host: &dyn Host) -> Self {
        Self {
            cancelled: Some(ctx.cancellation().cancelled()),
            revoked: host.revoked().map(CancelToken::cancelled),
            deadline: ctx.deadline().map(|at| host.sleep_until(at)),
        }
    }

    /// Ready, with the error of the call, once nobody waits for it any more.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HookError> {
        if let Some(cancelled) = &mut self.cancelled
            && Pin::new(cancelled).poll(cx).is_ready()
        {
            return Poll::Ready(was_cancelled());
        }
        if let Some(revoked) = &mut self.revoked
            && Pin::new(revoked).poll(cx).is_ready()
        {
            return Poll::Ready(was_revoked());
        }
        match &mut self.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| deadline_exceeded()),
            None => Poll::Pending,
        }
    }
}

/// The error of a hook that its host does not run.
#[cold]
pub(crate) fn not_run() -> HookError {
    HookError::new(code::UNAVAILABLE, "the host did not run the hook")
}
