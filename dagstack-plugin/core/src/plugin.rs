//! The traits behind `#[plugin]`: [`Plugin`] knows its type, [`ErasedPlugin`] does not.

use std::any::Any;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use crate::args::Arguments;
use crate::context::{HookContext, SetupContext};
use crate::declaration::Declaration;
use crate::error::{HookError, PluginError};
use crate::form::Output;
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
/// Call it through `call` of the engine, which finds the hook by name and catches panics.
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
