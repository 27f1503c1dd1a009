//! Adapters: one way to deal with a plugin, wherever it runs.

use std::fmt;
use std::time::Duration;

use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::{BoxFuture, Health, HookContext, HookError, PluginError, Released};
use serde_json::Value;

use crate::reason::Reason;

/// A plugin that is set up, wherever it runs. Dropping the adapter ends it without a goodbye, but
/// completely.
pub trait Adapter: fmt::Debug + Send + Sync + 'static {
    /// Asks the plugin how it is.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Gives everything back, within `limit` for the plugin's own part.
    fn teardown(&self, limit: Duration) -> BoxFuture<'_, Result<Released, TeardownFailure>>;

    /// The process the plugin runs in, if that is not this one.
    fn pid(&self) -> Option<u32> {
        None
    }

    /// The schema of the plugin's config, where that is known: it marks secrets, which must not be
    /// shown.
    fn config_schema(&self) -> Option<Schema> {
        None
    }

    /// Why the plugin can no longer be called, if that has come about.
    fn failure(&self) -> Option<Reason> {
        None
    }

    /// Completes when the plugin has ended by itself; `None` for one that cannot.
    fn ended(&self) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// What the plugin said of itself when it started.
    fn announced(&self) -> Announced {
        Announced::default()
    }
}

/// A plugin that is set up elsewhere, and called by JSON.
///
/// It is handed calls that may be made: deadlines, cancellation and the plugin's state are the business
/// of whoever holds the adapter. Dropping the future of a call gives the call up.
pub trait RemoteAdapter: Adapter {
    /// Calls a hook with its arguments, an object. Of a tool, its functions are hooks, and `get_schema`
    /// is one; what calls `execute` comes as the function.
    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>>;
}

/// What a plugin said of itself when it started, for hosts that have no manifest of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// The version of its package.
    pub version: Option<String>,
    /// Its capabilities.
    pub capabilities: Vec<String>,
}

/// Why a plugin could not be torn down.
#[derive(Debug)]
pub enum TeardownFailure {
    /// It took too long; parts of it may live on.
    TimedOut,
    /// Its own code failed.
    Failed(PluginError),
}
