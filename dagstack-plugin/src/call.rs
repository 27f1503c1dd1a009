//! Where a hook is called: finds the hook, guards against panics, shapes arguments and results.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use serde_json::{Value, json};

use crate::cancel::{CancelToken, Cancelled};
use crate::context::HookContext;
use crate::declaration::{Declaration, Hook};
use crate::encode;
use crate::error::{HookError, code};
use crate::kind::Host;
use crate::plugin::{Args, BoxFuture, ErasedPlugin, Form, Output};
use crate::tool;

/// Which hooks a caller may call by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Those that are exposed: the caller speaks for somebody outside the program.
    Exposed,
    /// All of them: the caller is a plugin or a middleware of the same program.
    All,
}

/// Calls the hook `name` of a plugin. For the kind `tool`, the functions, `get_schema` and
/// `execute` are all reachable by name.
///
/// # Errors
///
/// [`code::UNKNOWN_HOOK`] where there is no such hook, [`code::PANICKED`] where it panicked,
/// [`code::CANCELLED`] and [`code::DEADLINE_EXCEEDED`] where the caller had given up before the
/// call, and whatever the hook returned.
pub async fn call(
    plugin: &dyn ErasedPlugin,
    name: &str,
    ctx: &HookContext,
    args: Args<'_>,
) -> Result<Output, HookError> {
    call_as(Access::All, plugin, name, ctx, args).await
}

/// [`call`] for a caller of this access.
///
/// # Errors
///
/// As [`call`], and [`code::NOT_EXPOSED`] where the caller may not call the hook.
pub async fn call_as(
    access: Access,
    plugin: &dyn ErasedPlugin,
    name: &str,
    ctx: &HookContext,
    args: Args<'_>,
) -> Result<Output, HookError> {
    given_up(ctx)?;
    let target = Target::find(plugin.erased_declaration(), name, access)?;
    start(plugin, target, ctx, args)?.await
}

/// Calls the hook at place `index` of the declaration.
///
/// # Errors
///
/// As [`call`], but for the unknown hook.
pub async fn call_at(
    plugin: &dyn ErasedPlugin,
    index: usize,
    ctx: &HookContext,
    args: Args<'_>,
) -> Result<Output, HookError> {
    start(plugin, Target::Hook(index), ctx, args)?.await
}

/// What a name calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The hook at that place of the declaration.
    Hook(usize),
    /// The schemas of a tool's functions.
    GetSchema,
    /// The function of a tool that the arguments name, for a caller of this access.
    Execute(Access),
}

impl Target {
    /// What `name` calls of a plugin, for a caller of this access.
    ///
    /// # Errors
    ///
    /// [`code::UNKNOWN_HOOK`] and [`code::NOT_EXPOSED`].
    #[inline]
    pub fn find(
        declaration: &'static Declaration,
        name: &str,
        access: Access,
    ) -> Result<Self, HookError> {
        match declaration.hook_for(name, access)? {
            Some((index, _)) => Ok(Self::Hook(index)),
            None if !declaration.is_tool() => Err(declaration.unknown_hook(name, access)),
            None => match name {
                tool::GET_SCHEMA => Ok(Self::GetSchema),
                tool::EXECUTE => Ok(Self::Execute(access)),
                _ => Err(declaration.unknown_hook(name, access)),
            },
        }
    }

    /// Whether what is called may look at the context of the call.
    #[inline]
    pub fn takes_context(self, declaration: &Declaration) -> bool {
        match self {
            Self::Hook(index) => declaration.hooks[index].takes_context,
            Self::GetSchema => false,
            Self::Execute(_) => true,
        }
    }
}

/// A call as a future that can be kept and polled where it is: the hook's own boxed future and a guard
/// around it, nothing else.
///
/// # Errors
///
/// [`code::CANCELLED`] and [`code::DEADLINE_EXCEEDED`] where the caller had given up before the call.
#[inline]
pub fn start<'a>(
    plugin: &'a dyn ErasedPlugin,
    target: Target,
    ctx: &'a HookContext,
    args: Args<'a>,
) -> Result<Calling<'a>, HookError> {
    given_up(ctx)?;
    let declaration = plugin.erased_declaration();
    let future: BoxFuture<'a, _> = match target {
        Target::Hook(index) => plugin.erased_call(index, ctx, args),
        Target::GetSchema => Box::pin(async move { tool::get_schema(declaration, &args) }),
        Target::Execute(access) => Box::pin(tool::execute(plugin, ctx, args, access)),
    };
    Ok(Calling {
        future: Some(future),
        declaration,
        target,
    })
}

/// A call under way. A panic of the hook is an error of the call; one in what is dropped with a call
/// that is given up is nobody's.
#[must_use = "a future does nothing unless awaited"]
pub struct Calling<'a> {
    /// `None` only while it is dropped.
    future: Option<BoxFuture<'a, Result<Output, HookError>>>,
    declaration: &'static Declaration,
    target: Target,
}

impl fmt::Debug for Calling<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a call of `{}`", self.declaration.key())
    }
}

impl Calling<'_> {
    /// Polls without anybody to wake: a `fn` hook is ready then. One that is not must be polled
    /// again, by awaiting it.
    #[inline]
    pub fn poll_first(&mut self) -> Poll<Result<Output, HookError>> {
        Pin::new(self).poll(&mut Context::from_waker(Waker::noop()))
    }
}

impl Future for Calling<'_> {
    type Output = Result<Output, HookError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.future else {
            return Poll::Pending;
        };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(outcome) => outcome,
            Err(payload) => {
                let name = match self.target {
                    Target::Hook(index) => self.declaration.hooks[index].name,
                    Target::GetSchema => tool::GET_SCHEMA,
                    Target::Execute(_) => tool::EXECUTE,
                };
                Poll::Ready(Err(panicked(name, payload)))
            }
        }
    }
}

impl Drop for Calling<'_> {
    #[inline]
    fn drop(&mut self) {
        let future = self.future.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(future))) {
            forget_panic(payload);
        }
    }
}

/// The error of a hook that panicked. What the panic says is not shown, because it may quote a secret.
#[cold]
pub(crate) fn panicked(hook: &str, payload: Box<dyn Any + Send>) -> HookError {
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

/// Drops what a panic left. That can panic too, which is not worth a process.
pub(crate) fn forget_panic(payload: Box<dyn Any + Send>) {
    drop(catch_unwind(AssertUnwindSafe(move || drop(payload))));
}

/// Refuses a call whose caller has already given up.
///
/// # Errors
///
/// [`code::CANCELLED`] or [`code::DEADLINE_EXCEEDED`].
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

/// The error of a call that its caller cancelled.
#[cold]
pub fn was_cancelled() -> HookError {
    HookError::new(code::CANCELLED, "the caller cancelled the call")
}

/// The error of a call that took too long.
#[cold]
pub fn deadline_exceeded() -> HookError {
    HookError::new(code::DEADLINE_EXCEEDED, "the call's deadline has passed")
}

/// The error of a call whose plugin was torn down under it.
#[cold]
pub fn was_revoked() -> HookError {
    HookError::new(
        code::UNAVAILABLE,
        "the plugin is being torn down and waits for the call no longer; ask the registry for it again",
    )
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

/// The error for a hook the plugin does not have: it lists those it has and guesses the one meant.
/// The same in every runtime.
pub fn unknown_hook<'a>(
    kind: &str,
    plugin: &str,
    hooks: impl IntoIterator<Item = &'a str>,
    name: &str,
) -> HookError {
    let mut known: Vec<&str> = hooks.into_iter().collect();
    if kind == tool::KIND {
        known.extend([tool::GET_SCHEMA, tool::EXECUTE]);
    }
    let guess = crate::suggest(name, known.iter().copied())
        .map(|guess| format!(" (did you mean `{guess}`?)"))
        .unwrap_or_default();
    HookError::new(
        code::UNKNOWN_HOOK,
        format!(
            "`{kind}.{plugin}` has no hook `{name}`{guess}; it has {}",
            known.join(", ")
        ),
    )
    .details(json!({ "hook": name, "known": known }))
    .as_clean()
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

/// Encodes what a hook returned, in the form its arguments had. Results on all paths go through here.
///
/// # Errors
///
/// [`code::RESULT_NOT_SERIALISABLE`].
pub fn encode<T: Serialize + ?Sized>(
    hook: &Hook,
    form: Form,
    value: &T,
) -> Result<Output, HookError> {
    let encoded = match form {
        Form::Value => encode::to_value(value).map(Output::Value),
        Form::Json { size } => {
            // A large result mostly comes of large arguments; growing doubles memory and copies.
            let mut text = Vec::with_capacity(size.clamp(128, 1 << 21));
            encode::to_json(value, &mut text).map(|()| Output::Json(text))
        }
    };
    encoded.map_err(|error| {
        HookError::new(
            code::RESULT_NOT_SERIALISABLE,
            format!(
                "the result of hook `{}` has no JSON form: {error}",
                hook.name
            ),
        )
    })
}

/// An output that is already a value.
pub(crate) fn output_of(form: Form, value: Value) -> Output {
    match form {
        Form::Value => Output::Value(value),
        Form::Json { .. } => Output::Json(value.to_string().into_bytes()),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
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
