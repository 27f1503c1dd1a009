//! [`Live`]: one generation of a plugin, set up.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};

use dagstack_engine::{Adapter, RemoteAdapter};
use dagstack_plugin::kind::Lease;
use dagstack_plugin::sync::lock;
use dagstack_plugin::{HookContext, tool};
use serde_json::{Value, json};

use crate::config::section::Section;
use crate::in_process::InProcess;

/// A plugin that is set up: one generation of it.
pub(crate) struct Live {
    pub(crate) running: Running,
    pub(crate) lease: Arc<Lease>,
    pub(crate) config: Arc<Section>,
    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one. The
    /// teardown takes it.
    native: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
    /// The number of the first of the instances that followed each other without anybody's asking:
    /// a process that ended by itself, and those that were started in its place.
    since: u64,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.running.fmt(f)
    }
}

/// Native plugins are called without the box an adapter's call costs.
#[derive(Debug)]
pub(crate) enum Running {
    InProcess(InProcess),
    Elsewhere(Box<dyn RemoteAdapter>),
}

impl Running {
    pub(crate) fn adapter(&self) -> &dyn Adapter {
        match self {
            Self::InProcess(adapter) => adapter,
            Self::Elsewhere(adapter) => &**adapter,
        }
    }
}

impl Live {
    pub(crate) fn new(
        running: Running,
        lease: Arc<Lease>,
        config: Arc<Section>,
        since: u64,
    ) -> Self {
        let native = match &running {
            Running::InProcess(plugin) => plugin.native(&lease),
            Running::Elsewhere(_) => None,
        };
        Self {
            running,
            lease,
            config,
            native: Mutex::new(native),
            since,
        }
    }

    /// Whether it has ended by itself: its process is gone.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        match &self.running {
            Running::InProcess(_) => false,
            Running::Elsewhere(adapter) => adapter.failure().is_some(),
        }
    }

    /// The number of the first of the instances it belongs to.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// Whether handles of `other` go on with this one.
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        self.since == other.since
    }

    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one.
    pub(crate) fn native(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        lock(&self.native).clone()
    }

    /// The names of a tool's exposed functions. A tool in another process has said them when it
    /// started.
    pub(crate) async fn functions(&self, ctx: &HookContext) -> Vec<String> {
        let adapter = match &self.running {
            Running::InProcess(plugin) => return plugin.exposed().map(str::to_owned).collect(),
            Running::Elsewhere(adapter) => adapter,
        };
        let functions = adapter.call(tool::GET_SCHEMA, ctx, json!({})).await;
        // A tool that cannot say what it has does not have it.
        let functions = functions.as_ref().ok().and_then(Value::as_array);
        let names = functions.into_iter().flatten();
        names
            .filter_map(|function| Some(function.get("name")?.as_str()?.to_owned()))
            .collect()
    }

    /// Gives the registry's own typed handle up.
    pub(crate) fn forget_native(&self) {
        let native = lock(&self.native).take();
        // Outside the lock: it may be the last to have the plugin.
        drop(native);
    }

    /// Completes when the instance is being torn down and waits for nobody any longer.
    pub(crate) async fn revoked(&self) {
        match self.lease.host().revoked() {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the calls on their way that can be ended: those that await something.
    pub(crate) fn revoke(&self) {
        if let Some(token) = self.lease.host().revoked() {
            token.cancel();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The adapter is the last to have the plugin: it drops it where the author's code may run.
        self.forget_native();
        self.config.feed().close();
    }
}
