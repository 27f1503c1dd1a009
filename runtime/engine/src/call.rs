//! Where a hook is called: finds the hook, guards against panics, shapes arguments and results.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use dagstack_plugin_core::error::{HookError, code, panicked};
use dagstack_plugin_core::giving_up::given_up;
use dagstack_plugin_core::panics;
use dagstack_plugin_core::{Args, BoxFuture, Declaration, ErasedPlugin, Form, HookContext, Output};
use serde_json::Value;

use crate::access::Access;
use crate::arguments;
use crate::tool;

/// Calls the hook `name` of a plugin. For the kind `tool`, the functions, `get_schema` and
/// `execute` are all reachable by name.
///
/// # Errors
///
/// [`code::UNKNOWN_HOOK`] where there is no such hook, [`code::INVALID_ARGUMENTS`] where the arguments do
/// not fit, [`code::PANICKED`] where it panicked, [`code::CANCELLED`] and [`code::DEADLINE_EXCEEDED`] where
/// the caller had given up before the call, and whatever the hook returned.
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
/// As [`call`].
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
        match access.find(declaration, name)? {
            Some((index, _)) => Ok(Self::Hook(index)),
            None if !declaration.is_tool() => Err(access.unknown(declaration, name)),
            None => match name {
                tool::GET_SCHEMA => Ok(Self::GetSchema),
                tool::EXECUTE => Ok(Self::Execute(access)),
                _ => Err(access.unknown(declaration, name)),
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
/// [`code::CANCELLED`] and [`code::DEADLINE_EXCEEDED`] where the caller had given up before the call,
/// [`code::UNKNOWN_HOOK`] where the declaration has no such place, [`code::INVALID_ARGUMENTS`] where the
/// arguments do not fit, and [`code::PANICKED`] where reading them panicked.
#[inline]
pub fn start<'a>(
    plugin: &'a dyn ErasedPlugin,
    target: Target,
    ctx: &'a HookContext,
    args: Args<'a>,
) -> Result<CallFuture<'a>, HookError> {
    given_up(ctx)?;
    let declaration = plugin.erased_declaration();
    let future: BoxFuture<'a, _> = match target {
        Target::Hook(index) => read(plugin, index, ctx, args)?,
        Target::GetSchema => Box::pin(async move { get_schema(declaration, &args) }),
        Target::Execute(access) => Box::pin(execute(plugin, ctx, args, access)),
    };
    Ok(CallFuture {
        future: Some(future),
        declaration,
        target,
    })
}

/// What is wrong with the arguments of a call, as far as that can be known without an instance of the
/// plugin. Arguments that pass may still not fit: only their types know.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`].
pub fn foresee(
    declaration: &'static Declaration,
    target: Target,
    args: &Value,
) -> Result<(), HookError> {
    match target {
        Target::Hook(index) => match declaration.hooks.get(index) {
            Some(hook) => arguments::foresee(declaration, hook, args),
            None => Ok(()),
        },
        Target::GetSchema => tool::takes_nothing(&declaration.key(), args),
        Target::Execute(_) => tool::Execute::read(&declaration.key(), args).map(drop),
    }
}

/// Has the hook read its arguments. A type of the author's that panics there is the hook's panic.
fn read<'a>(
    plugin: &'a dyn ErasedPlugin,
    index: usize,
    ctx: &'a HookContext,
    args: Args<'_>,
) -> Result<BoxFuture<'a, Result<Output, HookError>>, HookError> {
    let declaration = plugin.erased_declaration();
    let Some(hook) = declaration.hooks.get(index) else {
        return Err(HookError::new(
            code::UNKNOWN_HOOK,
            format!("`{}` has no hook number {index}", declaration.key()),
        ));
    };
    let read = || {
        arguments::read(declaration, hook, args, |arguments| {
            plugin.erased_call(index, ctx, arguments)
        })
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|payload| Err(panicked(hook.name, payload)))
}

/// A call under way. A panic of the hook is an error of the call; one in what is dropped with a call
/// that is given up is nobody's.
#[must_use = "a future does nothing unless awaited"]
pub struct CallFuture<'a> {
    /// `None` only while it is dropped.
    future: Option<BoxFuture<'a, Result<Output, HookError>>>,
    declaration: &'static Declaration,
    target: Target,
}

impl fmt::Debug for CallFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a call of `{}`", self.declaration.key())
    }
}

impl CallFuture<'_> {
    /// Polls without anybody to wake: a `fn` hook is ready then. One that is not must be polled
    /// again, by awaiting it.
    #[inline]
    pub fn poll_first(&mut self) -> Poll<Result<Output, HookError>> {
        Pin::new(self).poll(&mut Context::from_waker(Waker::noop()))
    }
}

impl Future for CallFuture<'_> {
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

impl Drop for CallFuture<'_> {
    #[inline]
    fn drop(&mut self) {
        let future = self.future.take();
        let _ = panics::catch(move || drop(future));
    }
}

/// Answers `get_schema` in process.
fn get_schema(declaration: &Declaration, args: &Args<'_>) -> Result<Output, HookError> {
    let given = args
        .to_value()
        .map_err(|error| tool::invalid(&declaration.key(), tool::GET_SCHEMA, &error.to_string()))?;
    tool::takes_nothing(&declaration.key(), &given)?;
    Ok(output_of(args.form(), tool::functions(declaration)))
}

/// Answers `execute` in process.
async fn execute(
    plugin: &dyn ErasedPlugin,
    ctx: &HookContext,
    args: Args<'_>,
    access: Access,
) -> Result<Output, HookError> {
    let declaration = plugin.erased_declaration();
    let given = args
        .to_value()
        .map_err(|error| tool::invalid(&declaration.key(), tool::EXECUTE, &error.to_string()))
        .and_then(|value| tool::Execute::read(&declaration.key(), &value))?;
    let Some((index, _)) = access.find(declaration, &given.function)? else {
        return Err(access.unknown(declaration, &given.function));
    };
    let mut arguments = Value::Object(given.args);
    let outcome = call_at(plugin, index, ctx, Args::Value(&mut arguments)).await;
    let answer = tool::Execute::answer(outcome.and_then(Output::into_value))?;
    Ok(output_of(args.form(), answer))
}

/// An output that is already a value.
fn output_of(form: Form, value: Value) -> Output {
    match form {
        Form::Value => Output::Value(value),
        Form::Json { .. } => Output::Json(value.to_string().into_bytes()),
    }
}
