//! Middleware: what stands around the calls of hooks (plugin specification, §6).

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::context::{HookContext, Metadata};
use crate::error::{HookError, code};
use crate::future::BoxFuture;
use crate::giving_up::{given_up, until_given_up};
use crate::kind::Host;
use crate::name::PluginName;

/// Wraps the calls of hooks of any kind and any dispatch class, in every runtime.
///
/// A middleware sees a call before and after it: it may refuse it with an error, extend its metadata,
/// change its arguments or its result, or only look on. Arguments and results become JSON only if a
/// middleware asks for them.
///
/// ```
/// use dagstack_plugin::middleware::{Call, Middleware, Next};
/// use dagstack_plugin::{HookError, async_trait, code};
///
/// /// Lets only known tenants in.
/// struct KnownTenants(Vec<String>);
///
/// #[async_trait]
/// impl Middleware for KnownTenants {
///     async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
///         let tenant = call.metadata().get("tenant_id").and_then(|id| id.as_str());
///         if !tenant.is_some_and(|id| self.0.iter().any(|known| known == id)) {
///             return Err(HookError::new(code::PERMISSION_DENIED, "unknown tenant"));
///         }
///         next.run(call).await
///     }
/// }
/// ```
#[async_trait]
pub trait Middleware: Send + Sync + 'static {
    /// The order among the middleware of a host: the higher goes further out. Below 1000 there are
    /// business plugins only.
    fn priority(&self) -> u32 {
        1000
    }

    /// Whether it wraps this hook. Asked once, not at every call. A function of a `tool` plugin is
    /// the hook `execute`.
    fn wraps(&self, kind: &str, hook: &str) -> bool {
        let _ = (kind, hook);
        true
    }

    /// Handles one call; `next.run(call)` makes it.
    ///
    /// # Errors
    ///
    /// The caller's; those of `next` are usually handed on.
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError>;
}

/// A call on its way through the middleware.
pub struct Call<'a> {
    plugin: &'a PluginName,
    hook: &'a str,
    ctx: &'a HookContext,
    /// The context that a middleware has put in its place. Boxed, because few calls have one and each
    /// is moved about.
    changed: Option<Box<HookContext>>,
    payload: &'a mut dyn Payload,
    /// Whose clock deadlines are kept by.
    host: Option<&'a dyn Host>,
    /// Whether a middleware gave the call a context whose deadline nobody watches yet.
    unwatched: bool,
}

/// The arguments and the result of a call, in whatever form they have. Runtimes implement it.
///
/// It is `Sync` for the sake of middleware that keeps a `&Call` while it awaits something.
///
/// The JSON of a hook that is not exposed is refused with
/// [`code::NOT_EXPOSED`].
#[allow(clippy::missing_errors_doc)]
pub trait Payload: Send + Sync {
    /// The arguments, an object.
    fn args_json(&self) -> Result<Value, HookError>;
    /// Replaces the arguments.
    fn set_args_json(&mut self, args: Value) -> Result<(), HookError>;
    /// Makes the call and keeps its result.
    fn invoke<'a>(&'a mut self, ctx: &'a HookContext) -> BoxFuture<'a, Result<(), HookError>>;
    /// The result; `None` before the call.
    fn result_json(&self) -> Result<Option<Value>, HookError>;
    /// Replaces the result, or sets one without a call.
    fn set_result_json(&mut self, result: Value) -> Result<(), HookError>;
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call of {}.{}", self.plugin, self.hook)
    }
}

impl<'a> Call<'a> {
    /// A call of `hook`; [`Next::run`] starts it.
    pub fn new(
        plugin: &'a PluginName,
        hook: &'a str,
        ctx: &'a HookContext,
        payload: &'a mut dyn Payload,
    ) -> Self {
        Self {
            plugin,
            hook,
            ctx,
            changed: None,
            payload,
            host: None,
            unwatched: false,
        }
    }

    /// Keeps deadlines by the clock of `host`. A deadline or a cancellation that a middleware sets
    /// then acts on everything inside of it, other middleware that waits included; without it, on
    /// the hook only.
    #[must_use]
    pub fn on_host(mut self, host: &'a dyn Host) -> Self {
        self.host = Some(host);
        self
    }

    /// The plugin that is called.
    pub fn plugin(&self) -> &PluginName {
        self.plugin
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.plugin.kind()
    }

    /// The hook; of a `tool` plugin, the function.
    pub fn hook(&self) -> &str {
        self.hook
    }

    /// The context of the call.
    pub fn ctx(&self) -> &HookContext {
        self.changed.as_deref().unwrap_or(self.ctx)
    }

    /// Replaces the context, e.g. by one with a deadline. It acts from the next
    /// [`Next::run`] on.
    pub fn set_ctx(&mut self, ctx: HookContext) {
        self.changed = Some(Box::new(ctx));
        self.unwatched = true;
    }

    /// The metadata of the call.
    pub fn metadata(&self) -> &Metadata {
        self.ctx().metadata()
    }

    /// Replaces the metadata; see [`Metadata::with`].
    pub fn set_metadata(&mut self, metadata: Metadata) {
        let ctx = self.ctx().clone().with_metadata(metadata);
        self.changed = Some(Box::new(ctx));
    }

    /// The arguments, an object.
    ///
    /// # Errors
    ///
    /// [`code::NOT_EXPOSED`] where the hook is not exposed.
    pub fn args_json(&self) -> Result<Value, HookError> {
        self.payload.args_json()
    }

    /// Replaces the arguments.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`] where they do not fit the hook,
    /// and as [`args_json`](Self::args_json).
    pub fn set_args_json(&mut self, args: Value) -> Result<(), HookError> {
        self.payload.set_args_json(args)
    }

    /// The result; `None` before the call.
    ///
    /// # Errors
    ///
    /// [`code::RESULT_NOT_SERIALISABLE`], and as
    /// [`args_json`](Self::args_json).
    pub fn result_json(&self) -> Result<Option<Value>, HookError> {
        self.payload.result_json()
    }

    /// Replaces the result, or sets one without a call.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_RESULT`] where it does not fit the hook, and as
    /// [`args_json`](Self::args_json).
    pub fn set_result_json(&mut self, result: Value) -> Result<(), HookError> {
        self.payload.set_result_json(result)
    }
}

/// What a middleware stands in front of: the other middleware, and the hook.
pub struct Next<'a>(&'a [Arc<dyn Middleware>]);

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} more middleware and the hook", self.0.len())
    }
}

impl<'a> Next<'a> {
    /// The middleware from the outermost to the innermost.
    pub fn new(layers: &'a [Arc<dyn Middleware>]) -> Self {
        Self(layers)
    }

    /// Goes on with the call.
    pub fn run<'b>(self, call: &'b mut Call<'_>) -> BoxFuture<'b, Result<(), HookError>>
    where
        'a: 'b,
    {
        let unwatched = std::mem::take(&mut call.unwatched);
        match (self.0.split_first(), call.host) {
            (Some((first, rest)), Some(host)) if unwatched => {
                Box::pin(watched(&**first, rest, host, call))
            }
            (Some((first, rest)), _) => first.call(call, Next(rest)),
            // The hook itself is watched by whoever runs it.
            (None, _) => {
                let ctx = call.changed.as_deref().unwrap_or(call.ctx);
                call.payload.invoke(ctx)
            }
        }
    }
}

/// Ends what is further in when the deadline passes that a middleware has just set.
async fn watched(
    first: &dyn Middleware,
    rest: &[Arc<dyn Middleware>],
    host: &dyn Host,
    call: &mut Call<'_>,
) -> Result<(), HookError> {
    given_up(call.ctx())?;
    let ctx = call.ctx().clone();
    let mut inner = first.call(call, Next(rest));
    until_given_up(&ctx, host, inner.as_mut(), || false).await
}

/// The error of a call that a middleware panicked around; which one, nobody knows. What the panic says
/// is not shown, because it may quote a secret.
#[cold]
#[doc(hidden)]
pub fn panicked(hook: &str) -> HookError {
    HookError::new(
        code::PANICKED,
        format!("a middleware around `{hook}` panicked"),
    )
}

/// The error of a call of which no middleware made anything.
#[cold]
#[doc(hidden)]
pub fn no_result(hook: &str) -> HookError {
    HookError::new(
        code::HOOK_FAILED,
        format!("a middleware around `{hook}` neither made the call nor set a result"),
    )
}

/// The error of arguments that are read, or used, after the call.
#[cold]
#[doc(hidden)]
pub fn used_up(hook: &str) -> HookError {
    HookError::new(
        code::HOOK_FAILED,
        format!(
            "the arguments of `{hook}` were used by the call; a middleware reads them before it, or sets them again"
        ),
    )
}
