//! [`MemoryConfig`]: a configuration that the host has in memory.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use dagstack_plugin::BoxFuture;
use dagstack_plugin::sync::lock;
use serde_json::{Map, Value};

use super::{Changed, ConfigSource, ConfigSourceError, Watch};

/// A configuration that the host has in memory. Clones share it.
///
/// ```
/// use dagstack_runtime::{MemoryConfig, Registry};
/// use serde_json::json;
///
/// let config = MemoryConfig::new(json!({ "chunker": { "fixed": { "max_size": 5 } } }));
/// let builder = Registry::builder().config(config.clone());
/// // Later: whoever subscribed to the section is told.
/// config.set(json!({ "chunker": { "fixed": { "max_size": 9 } } }));
/// ```
#[derive(Clone)]
pub struct MemoryConfig(Arc<Mutex<Memory>>);

struct Memory {
    tree: Value,
    watchers: Vec<(u64, Changed)>,
    next: u64,
}

impl MemoryConfig {
    /// A source of this tree.
    pub fn new(tree: Value) -> Self {
        Self(Arc::new(Mutex::new(Memory {
            tree,
            watchers: Vec::new(),
            next: 0,
        })))
    }

    /// Replaces the tree, and tells the registries that watch it.
    pub fn set(&self, tree: Value) {
        let mut memory = self.lock();
        let old = std::mem::replace(&mut memory.tree, tree);
        let watchers: Vec<Changed> = memory.watchers.iter().map(|(_, it)| it.clone()).collect();
        drop(memory);
        drop(old);
        for changed in watchers {
            changed.notify();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        lock(&self.0)
    }
}

/// Which sections there are. Which of their values are secrets, only the plugins' schemas say.
impl fmt::Debug for MemoryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |value: &Value| -> Vec<String> {
            let map = value.as_object();
            map.into_iter().flat_map(Map::keys).cloned().collect()
        };
        let inner = self.lock();
        let kinds = inner.tree.as_object().into_iter().flatten();
        f.write_str("MemoryConfig ")?;
        f.debug_map()
            .entries(kinds.map(|(kind, sections)| (kind, names(sections))))
            .finish()
    }
}

impl ConfigSource for MemoryConfig {
    fn id(&self) -> &str {
        "memory:"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        let tree = self.lock().tree.clone();
        Box::pin(std::future::ready(Ok(tree)))
    }

    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        let mut memory = self.lock();
        let number = memory.next;
        memory.next += 1;
        memory.watchers.push((number, changed));
        drop(memory);
        Ok(Some(Watch::new(Watcher {
            config: self.clone(),
            number,
        })))
    }
}

/// One registry that watches; dropped, it does no longer.
struct Watcher {
    config: MemoryConfig,
    number: u64,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut memory = self.config.lock();
        memory.watchers.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debug_output_masks_nothing_it_should_show() {
        let shown = format!(
            "{:?}",
            MemoryConfig::new(json!({ "a": 1, "token": "x1y2" }))
        );
        assert!(shown.contains("\"a\""), "{shown}");
        assert!(!shown.contains("x1y2"), "{shown}");
    }
}
