//! The traits behind `#[plugin]`: [`Plugin`] knows its type, [`ErasedPlugin`] does not.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use serde_json::Value;

use crate::args::Arguments;
use crate::context::{HookContext, SetupContext};
use crate::declaration::Declaration;
use crate::error::{HookError, PluginError};
use crate::future::BoxFuture;
use crate::health::{Health, Released};
use crate::kind::Lease;
use crate::undecoded::Undecoded;

/// A hook that is about to run, and owns its arguments.
#[doc(hidden)]
pub type Called<'a> = Result<BoxFuture<'a, Result<Output, HookError>>, Undecoded>;

/// A plugin that is being constructed.
#[doc(hidden)]
pub type SetUp<P> = BoxFuture<'static, Result<P, PluginError>>;

/// A plugin type. `#[plugin]` implements it; nobody does by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dagstack plugin",
    label = "not a plugin",
    note = "put `#[plugin(kind = \"…\", name = \"…\")]` on an `impl {Self}` block"
)]
pub trait Plugin: Send + Sync + Sized + 'static {
    /// What the plugin declares.
    fn declaration() -> &'static Declaration;

    /// Constructs the plugin from its config.
    fn setup(context: SetupContext) -> SetUp<Self>;

    /// Reads the arguments of the hook at place `hook` of the declaration; the future runs it.
    ///
    /// # Errors
    ///
    /// What serde says of arguments that it does not take. Who calls explains it.
    #[doc(hidden)]
    fn call<'a>(
        &'a self,
        hook: usize,
        ctx: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a>;

    /// How the plugin is.
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(ready(Health::Healthy))
    }

    /// Gives everything back before the plugin is dropped.
    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(ready(Ok(Released::All)))
    }

    /// The plugin as its kind's trait, an `Arc<dyn Trait>`; `None` for a kind that is only a name.
    fn native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        let _ = lease;
        None
    }
}

/// A [`Plugin`] that is set up, without its type.
///
/// Call it through [`call`](crate::call::call), which finds the hook by name and catches panics.
pub trait ErasedPlugin: Send + Sync + 'static {
    /// [`Plugin::declaration`].
    fn erased_declaration(&self) -> &'static Declaration;

    /// [`Plugin::call`].
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn erased_call<'a>(
        &'a self,
        hook: usize,
        ctx: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a>;

    /// [`Plugin::health`].
    fn erased_health(&self) -> BoxFuture<'_, Health>;

    /// [`Plugin::teardown`].
    fn erased_teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>>;

    /// [`Plugin::native`].
    fn erased_native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>>;
}

impl<T: Plugin> ErasedPlugin for T {
    fn erased_declaration(&self) -> &'static Declaration {
        T::declaration()
    }

    fn erased_call<'a>(
        &'a self,
        hook: usize,
        ctx: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a> {
        self.call(hook, ctx, arguments)
    }

    fn erased_health(&self) -> BoxFuture<'_, Health> {
        self.health()
    }

    fn erased_teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        self.teardown()
    }

    fn erased_native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        self.native(lease)
    }
}

impl fmt::Debug for dyn ErasedPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declaration = self.erased_declaration();
        write!(f, "plugin {}.{}", declaration.kind, declaration.name)
    }
}

/// The arguments of a call, an object, in one of the two forms they arrive in. The result comes
/// back in the same form.
pub enum Args<'a> {
    /// A value, as hosts hold it. Texts may be taken out of it instead of being copied.
    Value(&'a mut Value),
    /// JSON text, as it stood on the wire.
    Json(&'a str),
}

/// The form of a call's arguments and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A value.
    Value,
    /// JSON text.
    Json {
        /// The length of the arguments, in bytes.
        size: usize,
    },
}

impl Args<'_> {
    /// The form they have, which the result will have too.
    pub const fn form(&self) -> Form {
        match self {
            Self::Value(_) => Form::Value,
            Self::Json(text) => Form::Json { size: text.len() },
        }
    }

    /// The same arguments, for a shorter time.
    pub(crate) fn reborrow(&mut self) -> Args<'_> {
        match self {
            Self::Value(value) => Args::Value(value),
            Self::Json(text) => Args::Json(text),
        }
    }

    /// The arguments as a value.
    ///
    /// # Errors
    ///
    /// When the text is no JSON.
    pub fn to_value(&self) -> Result<Cow<'_, Value>, serde_json::Error> {
        match self {
            Self::Value(value) => Ok(Cow::Borrowed(&**value)),
            Self::Json(text) => serde_json::from_str(text).map(Cow::Owned),
        }
    }
}

impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may hold secrets.
        f.write_str(match self {
            Self::Value(_) => "Args::Value(…)",
            Self::Json(_) => "Args::Json(…)",
        })
    }
}

/// The value a hook returned, in the form its arguments had.
#[derive(Debug)]
pub enum Output {
    /// For [`Args::Value`].
    Value(Value),
    /// For [`Args::Json`]: compact JSON text.
    Json(Vec<u8>),
}

impl Output {
    /// The value, parsed if it is text.
    ///
    /// # Errors
    ///
    /// [`result_not_serialisable`](crate::code::RESULT_NOT_SERIALISABLE) if the text is no JSON.
    #[inline]
    pub fn into_value(self) -> Result<Value, HookError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Json(text) => serde_json::from_slice(&text).map_err(|error| {
                HookError::new(
                    crate::code::RESULT_NOT_SERIALISABLE,
                    format!("the result is no JSON: {error}"),
                )
            }),
        }
    }
}
