//! What a plugin in this process sees of the others: [`PeersOf`] over the registry.

use std::any::Any;
use std::sync::{Arc, Weak};

use dagstack_engine::Access;
use dagstack_plugin::kind::Caller;
use dagstack_plugin::peers::{Peers, PeersOf};
use dagstack_plugin::{HookError, PluginName, code};
use serde_json::json;

use crate::entry::Entry;
use crate::handle::PluginHandle;
use crate::registry::{Inner, Registry};

/// The plugins that one plugin declares in `depends_on`.
struct DeclaredPeers {
    /// Not the registry itself: the plugin lives in it, and would keep it alive.
    registry: Weak<Inner>,
    plugin: usize,
    name: PluginName,
}

impl Registry {
    /// What the plugin at that place sees of the others.
    pub(crate) fn peers_of(&self, plugin: usize) -> Peers {
        Peers::new(Arc::new(DeclaredPeers {
            registry: Arc::downgrade(&self.inner),
            plugin,
            name: self.inner.entries[plugin].descriptor.name.clone(),
        }))
    }
}

impl DeclaredPeers {
    /// A plugin that is declared and ready.
    fn find(&self, kind: &str, name: &str) -> Result<PluginHandle, HookError> {
        let registry = self.registry.upgrade().ok_or_else(|| {
            HookError::new(code::UNAVAILABLE, "the registry of the plugin is gone")
        })?;
        let declared = registry.graph.needs[self.plugin]
            .iter()
            .flatten()
            .map(|&index| &registry.entries[index])
            .find(|entry| is(entry, kind, name));
        let Some(entry) = declared else {
            return Err(self.undeclared(&registry, kind, name));
        };
        let live = entry.callable().ok_or_else(|| entry.not_ready(None))?;
        // It is code of the same program.
        Ok(PluginHandle::new(entry, Some(live), Access::All))
    }

    fn undeclared(&self, registry: &Inner, kind: &str, name: &str) -> HookError {
        let asked = PluginName::new(kind, name);
        let missing = registry.graph.needs[self.plugin]
            .iter()
            .filter_map(|need| need.as_ref().err())
            .any(|text| *text == name || *text == asked.to_string());
        if missing {
            let text = format!(
                "`{}` depends on `{asked}`, which is not registered",
                self.name
            );
            return HookError::new(code::UNAVAILABLE, text);
        }
        let declared: Vec<String> = registry.graph.needs[self.plugin]
            .iter()
            .flatten()
            .map(|&index| registry.entries[index].descriptor.name.to_string())
            .collect();
        let has = match &declared[..] {
            [] => "it declares none".to_owned(),
            list => format!("it declares {}", list.join(", ")),
        };
        HookError::new(
            code::UNDECLARED_DEPENDENCY,
            format!(
                "`{}` does not declare that it depends on `{asked}` ({has}); add `{{ kind = \"{kind}\", name = \"{name}\" }}` to its `depends_on`",
                self.name
            ),
        )
        .details(json!({
            "plugin": self.name.to_string(),
            "dependency": asked.to_string(),
            "declared": declared,
        }))
    }
}

fn is(entry: &Entry, kind: &str, name: &str) -> bool {
    let found = &entry.descriptor.name;
    (found.kind(), found.name()) == (kind, name)
}

impl PeersOf for DeclaredPeers {
    fn native(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<Arc<dyn Any + Send + Sync>>, HookError> {
        Ok(self.find(kind, name)?.native())
    }

    fn caller(&self, kind: &str, name: &str) -> Result<Arc<dyn Caller>, HookError> {
        Ok(Arc::new(self.find(kind, name)?))
    }
}
