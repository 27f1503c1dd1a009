//! [`GivingUp`]: a caller who waits no longer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cancel::{CancelToken, Cancelled};
use crate::context::HookContext;
use crate::error::{HookError, deadline_exceeded, was_cancelled, was_revoked};
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

/// Waits for the caller of a running hook to cancel, for its deadline, or for the plugin to go.
pub struct GivingUp {
    cancelled: Cancelled,
    revoked: Option<Cancelled>,
    deadline: Option<BoxFuture<'static, ()>>,
}

impl fmt::Debug for GivingUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivingUp")
    }
}

impl GivingUp {
    /// Watches the caller of `ctx` by the clock of `host`.
    pub fn new(ctx: &HookContext, host: &dyn Host) -> Self {
        Self {
            cancelled: ctx.cancellation().cancelled(),
            revoked: host.revoked().map(CancelToken::cancelled),
            deadline: ctx.deadline().map(|at| host.sleep_until(at)),
        }
    }

    /// Ready, with the error of the call, once nobody waits for it any more.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HookError> {
        if Pin::new(&mut self.cancelled).poll(cx).is_ready() {
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
