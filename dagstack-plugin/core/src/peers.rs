//! [`Peers`]: the other plugins of a host, as a plugin sees them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::error::{HookError, code};
use crate::kind::{Caller, Kind};

/// The plugins that a plugin declares in `depends_on`: `ctx.registry()`. Cheap to clone, and to keep.
///
/// What it gives out is a lease on one generation; ask again after a reload.
///
/// Only in process: a plugin executable has no others beside it.
#[derive(Clone)]
pub struct Peers(Option<Arc<dyn PeersOf>>);

/// Where [`Peers`] come from: a host's registry, for one plugin.
pub trait PeersOf: Send + Sync + 'static {
    /// The plugin's native shell, an `Arc<dyn Trait>` as `Any`, if it is linked in with that trait.
    ///
    /// # Errors
    ///
    /// [`code::UNDECLARED_DEPENDENCY`], [`code::UNAVAILABLE`].
    fn native(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<Arc<dyn Any + Send + Sync>>, HookError>;

    /// The plugin by JSON.
    ///
    /// # Errors
    ///
    /// [`code::UNDECLARED_DEPENDENCY`], [`code::UNAVAILABLE`].
    fn caller(&self, kind: &str, name: &str) -> Result<Arc<dyn Caller>, HookError>;
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "Peers",
            None => "no Peers",
        })
    }
}

impl Default for Peers {
    fn default() -> Self {
        Self::none()
    }
}

impl Peers {
    /// Those that `host` offers.
    pub fn new(host: Arc<dyn PeersOf>) -> Self {
        Self(Some(host))
    }

    /// None: the plugin is alone in its process.
    pub fn none() -> Self {
        Self(None)
    }

    fn host(&self) -> Result<&Arc<dyn PeersOf>, HookError> {
        self.0.as_ref().ok_or_else(|| {
            HookError::new(
                code::UNAVAILABLE,
                "other plugins cannot be reached from here: this plugin runs as a process of its own; declare it `in_process_only`, or do without",
            )
        })
    }

    /// A plugin by its kind's trait: `ctx.registry().get::<dyn Chunker>("fixed")?`.
    ///
    /// # Errors
    ///
    /// [`code::UNDECLARED_DEPENDENCY`] where `depends_on` does not name it, [`code::UNAVAILABLE`]
    /// where it is not ready.
    pub fn get<K: Kind + ?Sized>(&self, name: &str) -> Result<Arc<K>, HookError> {
        let host = self.host()?;
        let native = host.native(K::SPEC.name, name)?;
        if let Some(native) = native.as_deref().and_then(|it| it.downcast_ref::<Arc<K>>()) {
            return Ok(Arc::clone(native));
        }
        Ok(K::proxy(host.caller(K::SPEC.name, name)?))
    }

    /// A plugin by JSON.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn plugin(&self, kind: &str, name: &str) -> Result<Arc<dyn Caller>, HookError> {
        self.host()?.caller(kind, name)
    }

    /// Whether the plugin can be called now.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|host| host.caller(kind, name).is_ok())
    }
}
