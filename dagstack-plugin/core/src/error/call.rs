//! The errors of calls that are the same in every runtime.

use std::any::Any;
use std::fmt;

use super::{HookError, code};
use crate::panics::forget_panic;

/// The error of a call that its caller cancelled.
#[cold]
pub(crate) fn was_cancelled() -> HookError {
    HookError::new(code::CANCELLED, "the caller cancelled the call")
}

/// The error of a call that took too long.
#[cold]
pub fn deadline_exceeded() -> HookError {
    HookError::new(code::DEADLINE_EXCEEDED, "the call's deadline has passed")
}

/// The error of a call whose plugin was torn down under it.
#[cold]
pub(crate) fn was_revoked() -> HookError {
    HookError::new(
        code::UNAVAILABLE,
        "the plugin is being torn down and waits for the call no longer; ask the registry for it again",
    )
}

/// The error of a hook that panicked. What the panic says is not shown, because it may quote a secret.
#[cold]
pub fn panicked(hook: &str, payload: Box<dyn Any + Send>) -> HookError {
    let mend = mend_of(&*payload);
    forget_panic(payload);
    HookError::new(
        code::PANICKED,
        format!(
            "hook `{hook}` panicked; its message is on the standard error of the process it runs in{mend}"
        ),
    )
}

/// What to do about a panic of tokio's, known by words in it: of what an author blocks on where that
/// is not allowed, and of what needs a runtime that is not there, or has no clock or no IO.
fn mend_of(payload: &(dyn Any + Send)) -> &'static str {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|it| text.contains(it));
    if says(&[
        "Cannot start a runtime from within a runtime",
        "Cannot block the current thread from within a runtime",
        "Cannot drop a runtime in a context where blocking is not allowed",
        "can call blocking only when running on the multi-threaded runtime",
    ]) {
        "\nhelp: it blocks its thread, which the host's async runtime uses; declare it `#[hook(execution_model = \"thread_cpu_bound\")]` and no `async fn`, and it runs where it may block"
    } else if says(&["but timers are disabled", "but IO is disabled"]) {
        "\nhelp: the tokio runtime around it has no clock or no IO; whoever makes that runtime, the host or the hook itself, calls `enable_all()` on its builder"
    } else if says(&["there is no reactor running"]) {
        "\nhelp: it needs a tokio runtime where there is none; in a thread of its own, enter the `tokio::runtime::Handle::current()` of the hook, or declare the hook `#[hook(execution_model = \"thread_cpu_bound\")]` and give it a runtime of its own"
    } else {
        ""
    }
}

/// The error for a hook that only code in the same program may call, of a plugin or of a kind. The
/// same in every runtime.
#[cold]
pub fn not_exposed(of: &(impl fmt::Display + ?Sized), hook: &str) -> HookError {
    HookError::new(
        code::NOT_EXPOSED,
        format!(
            "hook `{hook}` of `{of}` is not exposed: only code linked into the same program calls it, through its kind's trait or as a plugin that depends on its plugin; nobody else sees its arguments and its result"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    #[test]
    fn b08_what_needs_a_clock_that_is_not_there_names_the_mend() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let sleeps = || runtime.block_on(async { tokio::time::sleep(Duration::ZERO).await });
        let payload = catch_unwind(AssertUnwindSafe(sleeps)).unwrap_err();
        let error = panicked("sleep", payload);
        assert!(error.message().contains("`enable_all()`"), "{error}");
        let outside = catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).unwrap_err();
        let error = panicked("sleep", outside);
        assert!(error.message().contains("Handle::current()"), "{error}");
    }
}
