//! Where a hook is called: finds the hook, guards against panics, shapes arguments and results.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::Serialize;
use serde_json::{Value, json};

use crate::context::HookContext;
use crate::declaration::Hook;
use crate::encode;
use crate::error::{HookError, code};
use crate::plugin::{Args, ErasedPlugin, Output};
use crate::tool;

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
    let declaration = plugin.erased_declaration();
    if let Some((index, _)) = declaration.hook(name) {
        return call_at(plugin, index, ctx, args).await;
    }
    if declaration.is_tool() {
        match name {
            tool::GET_SCHEMA => return tool::get_schema(declaration, args),
            tool::EXECUTE => return tool::execute(plugin, ctx, args).await,
            _ => {}
        }
    }
    Err(declaration.unknown_hook(name))
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
    given_up(ctx)?;
    let hook = || {
        let declaration = plugin.erased_declaration();
        declaration.hooks.get(index).map_or("?", |hook| hook.name)
    };
    match CatchPanic::new(plugin.erased_call(index, ctx, args)).await {
        Ok(outcome) => outcome,
        Err(Panicked) => Err(HookError::new(
            code::PANICKED,
            format!(
                "hook `{}` panicked; its message is on the standard error of the process it runs in",
                hook()
            ),
        )),
    }
}

/// The error of a call whose caller has already given up.
fn given_up(ctx: &HookContext) -> Result<(), HookError> {
    if ctx.cancellation().is_cancelled() {
        return Err(HookError::new(
            code::CANCELLED,
            "the caller cancelled the call",
        ));
    }
    if ctx.remaining().is_some_and(|left| left.is_zero()) {
        return Err(HookError::new(
            code::DEADLINE_EXCEEDED,
            "the call's deadline has passed",
        ));
    }
    Ok(())
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
}

/// Encodes what a hook returned, in the form its arguments had. Results on all paths go through here.
///
/// # Errors
///
/// [`code::RESULT_NOT_SERIALISABLE`].
pub fn encode<T: Serialize + ?Sized>(
    hook: &Hook,
    args: Args<'_>,
    value: &T,
) -> Result<Output, HookError> {
    let encoded = match args {
        Args::Value(_) => encode::to_value(value).map(Output::Value),
        Args::Json(args) => {
            // A large result mostly comes of large arguments; growing doubles memory and copies.
            let mut text = Vec::with_capacity(args.len().clamp(128, 1 << 21));
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
pub(crate) fn output_of(args: Args<'_>, value: Value) -> Output {
    match args {
        Args::Value(_) => Output::Value(value),
        Args::Json(_) => Output::Json(value.to_string().into_bytes()),
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
                // Dropping a payload can panic too; it is not worth a process.
                drop(catch_unwind(AssertUnwindSafe(move || drop(payload))));
                Poll::Ready(Err(Panicked))
            }
        }
    }
}
