//! [`Registry`]: the plugins of a host.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use dagstack_engine::Access;
use dagstack_plugin::{Kind, PluginName, suggest};

use crate::config::LiveConfig;
use crate::dispatch::index::KindIndex;
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::graph::Graph;
use crate::handle::PluginHandle;
use crate::lifecycle::state::Lifecycle;
use crate::resources::HostResources;
use crate::status::PluginStatus;

/// The plugins of a host.
///
/// Clones share one registry. When the last clone and the last [`PluginHandle`] are dropped
/// without [`teardown_all`](Self::teardown_all), child processes are killed.
#[derive(Clone)]
pub struct Registry {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) by_name: HashMap<PluginName, usize>,
    /// The plugins by kind, for dispatch.
    pub(crate) kinds: HashMap<Arc<str>, Arc<KindIndex>>,
    /// Manifests that cannot be read: no plugins, but not forgotten either.
    pub(crate) broken: Vec<PluginStatus>,
    pub(crate) graph: Graph,
    pub(crate) config: LiveConfig,
    pub(crate) resources: Arc<HostResources>,
    pub(crate) lifecycle: Lifecycle,
    /// Whether it asked for all plugins linked into the program.
    pub(crate) linked: bool,
}

impl Registry {
    /// One plugin, by kind and name.
    ///
    /// # Errors
    ///
    /// `PluginNotFound`, with a guess at what was meant. A plugin that is not ready is found; its
    /// calls say why they fail.
    pub fn plugin(&self, kind: &str, name: &str) -> Result<PluginHandle, PluginRegistryError> {
        match self.inner.by_name.get(&PluginName::new(kind, name)) {
            Some(&index) => {
                let entry = &self.inner.entries[index];
                Ok(PluginHandle::new(entry, entry.live(), Access::Exposed))
            }
            None => Err(self.not_found(Some(kind), name)),
        }
    }

    /// One plugin, by its kind's trait: the same type whether it is linked in or runs elsewhere.
    ///
    /// A plugin that is linked in with the trait is called directly; any other by JSON. What comes
    /// back is a lease on the generation that is there now: after a reload or a teardown its calls
    /// are `unavailable`; ask again.
    ///
    /// # Errors
    ///
    /// `PluginNotFound`, with a guess at what was meant; `PluginUnavailable` where it is not ready.
    pub fn get<K: Kind + ?Sized>(&self, name: &str) -> Result<Arc<K>, PluginRegistryError> {
        self.plugin(K::SPEC.name, name)?.typed::<K>()
    }

    /// The error of a name that fits no plugin; without a kind, of any kind.
    pub(crate) fn not_found(&self, kind: Option<&str>, name: &str) -> PluginRegistryError {
        let entries = self.inner.entries.iter();
        let known = entries.map(|entry| &entry.descriptor.name);
        let spelt = |known: &PluginName| match kind {
            Some(_) => known.to_string(),
            None => known.name().to_owned(),
        };
        let plugin = PluginName::new(kind.unwrap_or("*"), name);
        let names: Vec<String> = known.clone().map(spelt).collect();
        let close = suggest(&spelt(&plugin), names.iter().map(String::as_str));
        let same_name = known.clone().find(|known| known.name() == name);
        let meant = same_name.or_else(|| known.clone().find(|it| Some(&*spelt(it)) == close));
        let suggestion = meant.map(ToString::to_string);
        let hint = match (&self.inner.broken[..], self.inner.entries.is_empty()) {
            ([], true) => "; no plugin is: `.linked()` finds those that `dagstack_runtime::link!(…)` names, `.discover(path)` those in folders".to_owned(),
            ([], false) if self.inner.linked && suggestion.is_none() => "; a plugin whose crate nobody names is not linked: add the crate to `dagstack_runtime::link!(…)`".to_owned(),
            ([], false) => String::new(),
            ([one], _) => format!("; {} cannot be read, see `registry.status()`", one.origin),
            (several, _) => format!("; {} manifests cannot be read, see `registry.status()`", several.len()),
        };
        PluginRegistryError::PluginNotFound {
            plugin,
            suggestion,
            hint,
        }
    }

    /// Every plugin with its state, sorted by kind and name; manifests that cannot be read last.
    pub fn status(&self) -> Vec<PluginStatus> {
        self.inner
            .entries
            .iter()
            .map(|entry| entry.status())
            .chain(self.inner.broken.iter().cloned())
            .collect()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.inner
                    .entries
                    .iter()
                    .map(|entry| (&entry.descriptor.name, entry.state())),
            )
            .finish()
    }
}
