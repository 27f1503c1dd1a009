//! [`Proxy`]: a kind's trait over anything that is called by JSON.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::context::HookContext;
use crate::error::HookError;
use crate::future::BoxFuture;
use crate::kind::HookSpec;
use crate::name::PluginName;

/// A plugin that is called by hook name and JSON, wherever it runs.
pub trait Caller: Send + Sync + 'static {
    /// The plugin's kind and name.
    fn plugin(&self) -> &PluginName;

    /// Calls a hook with its arguments, an object.
    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>>;
}

/// Implements the trait of any kind over a [`Caller`]: `#[kind]` writes `impl Chunker for Proxy`.
#[derive(Clone)]
pub struct Proxy(Arc<dyn Caller>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proxy of {}", self.0.plugin())
    }
}

impl Proxy {
    /// A proxy of what `caller` calls.
    pub fn new(caller: Arc<dyn Caller>) -> Self {
        Self(caller)
    }

    /// Calls the hook at place `HOOK` of the kind `K`.
    ///
    /// The future fails with the plugin's error; with [`code::NOT_EXPOSED`](crate::code::NOT_EXPOSED)
    /// where the hook's types have no JSON form; with
    /// [`code::INVALID_RESULT`](crate::code::INVALID_RESULT) where what the plugin returns does not
    /// fit the kind.
    pub fn call<'a, K: HookSpec<HOOK> + ?Sized, const HOOK: usize>(
        &'a self,
        ctx: &'a HookContext,
        args: K::Args<'a>,
    ) -> BoxFuture<'a, Result<K::Output, HookError>> {
        Box::pin(call::<K, HOOK>(&*self.0, ctx, K::args_to_json(&args)))
    }

    /// The error of a hook that is a plain `fn`: it cannot wait for another process.
    pub fn not_exposed<K: crate::kind::Kind + ?Sized>(&self, hook: usize) -> HookError {
        K::SPEC.not_exposed(hook)
    }
}

/// Calls the hook at place `HOOK` of the kind `K` by JSON.
pub(super) async fn call<K: HookSpec<HOOK> + ?Sized, const HOOK: usize>(
    caller: &dyn Caller,
    ctx: &HookContext,
    args: Result<Value, HookError>,
) -> Result<K::Output, HookError> {
    let hook = &K::SPEC.hooks[HOOK];
    let output = caller.call(hook.name, ctx, args?).await?;
    K::output_from_json(output).map_err(|error| error.in_front(format!("`{}`: ", caller.plugin())))
}
