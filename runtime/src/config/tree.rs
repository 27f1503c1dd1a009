//! [`ConfigTree`]: all sources laid over each other.

use dagstack_engine::panics::CatchPanic;
use dagstack_plugin::{PluginName, did_you_mean, suggest};
use serde_json::{Map, Value};

use super::{ConfigSource, ConfigSourceError};
use crate::error::PluginRegistryError;

/// The merged tree of all sources.
#[derive(Default)]
pub(crate) struct ConfigTree(Map<String, Value>);

impl ConfigTree {
    /// Loads every source and lays them over each other, in order.
    pub(crate) async fn load(
        sources: &[Box<dyn ConfigSource>],
    ) -> Result<Self, PluginRegistryError> {
        let mut tree = Map::new();
        for source in sources {
            let failed = |error| PluginRegistryError::ConfigSourceFailed {
                id: source.id().to_owned(),
                source: error,
            };
            // It may panic before its first await, too.
            let load = CatchPanic::new(Box::pin(async { source.load().await }));
            let loaded = load.await.unwrap_or_else(|_| {
                let problem = "it panicked; its message is on the standard error of this process";
                Err(ConfigSourceError::new(problem))
            });
            match loaded.map_err(failed)? {
                Value::Object(layer) => merge(&mut tree, layer),
                Value::Null => {}
                _ => {
                    return Err(failed(ConfigSourceError::new(
                        "its root is no object; expected `{<kind>: {<name>: {…}}}`",
                    )));
                }
            }
        }
        Ok(Self(tree))
    }

    /// The section of a plugin; `null` where there is none.
    pub(crate) fn section(&self, plugin: &PluginName) -> Result<Value, PluginRegistryError> {
        let kind = match self.0.get(plugin.kind()) {
            None | Some(Value::Null) => return Ok(Value::Null),
            Some(Value::Object(kind)) => kind,
            Some(other) => return Err(PluginRegistryError::bad_section(plugin.kind(), other)),
        };
        match kind.get(plugin.name()) {
            None | Some(Value::Null) => Ok(Value::Null),
            Some(section @ Value::Object(_)) => Ok(section.clone()),
            Some(other) => Err(PluginRegistryError::bad_section(&plugin.to_string(), other)),
        }
    }

    /// What stands at a dotted path; `null` where nothing does.
    pub(crate) fn at(&self, path: &str) -> Value {
        let mut keys = path.split('.');
        let mut here = keys.next().and_then(|key| self.0.get(key));
        for key in keys {
            here = here.and_then(|value| value.get(key));
        }
        here.cloned().unwrap_or_default()
    }

    /// Warns of sections that look like a plugin's, but are none's. `plugins` come sorted by kind.
    pub(crate) fn misspelt<'p>(
        &self,
        plugins: impl IntoIterator<Item = &'p PluginName>,
    ) -> Vec<String> {
        let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
        for plugin in plugins {
            match kinds.last_mut() {
                Some((kind, names)) if *kind == plugin.kind() => names.push(plugin.name()),
                _ => kinds.push((plugin.kind(), vec![plugin.name()])),
            }
        }
        let mut warnings = Vec::new();
        let mut warn = |section: String, guess: Option<String>| {
            let guess = did_you_mean(guess);
            warnings.push(format!(
                "the config section `{section}` belongs to no plugin{guess}"
            ));
        };
        for key in self.0.keys() {
            if let Some((kind, names)) = kinds.iter().find(|(kind, _)| kind == key) {
                for section in self.names(key).filter(|it| !names.contains(it)) {
                    let guess = suggest(section, names.iter().copied());
                    warn(
                        format!("{kind}.{section}"),
                        guess.map(|name| format!("{kind}.{name}")),
                    );
                }
                continue;
            }
            // The host may have settings of its own in there: only what nearly is a plugin's is one.
            let close = suggest(key, kinds.iter().map(|(kind, _)| *kind));
            for (kind, names) in kinds.iter().filter(|(kind, _)| Some(*kind) == close) {
                for name in names
                    .iter()
                    .filter(|name| self.names(key).any(|it| it == **name))
                {
                    warn(format!("{key}.{name}"), Some(format!("{kind}.{name}")));
                }
            }
        }
        warnings
    }

    /// The sections under `kind`, by name.
    fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(kind)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|names| names.keys().map(String::as_str))
    }
}

/// Lays `layer` over `base`: objects key by key, everything else as a whole.
fn merge(base: &mut Map<String, Value>, layer: Map<String, Value>) {
    for (key, value) in layer {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MemoryConfig;
    use serde_json::json;

    #[tokio::test]
    async fn later_sources_win_key_by_key() {
        let sources: Vec<Box<dyn ConfigSource>> = vec![
            Box::new(MemoryConfig::new(json!({
                "chunker": { "fixed": { "max_size": 5, "deep": { "a": 1, "b": [1, 2] } } }
            }))),
            Box::new(MemoryConfig::new(json!({
                "chunker": { "fixed": { "deep": { "b": [3] } }, "other": {} }
            }))),
        ];
        let tree = ConfigTree::load(&sources).await.unwrap();
        assert_eq!(
            tree.section(&PluginName::new("chunker", "fixed")).unwrap(),
            json!({ "max_size": 5, "deep": { "a": 1, "b": [3] } })
        );
        assert_eq!(
            tree.section(&PluginName::new("tool", "echo")).unwrap(),
            Value::Null
        );
        assert_eq!(tree.at("chunker.fixed.deep.b"), json!([3]));
        assert_eq!(tree.at("chunker.fixed.no.such"), Value::Null);
    }

    #[tokio::test]
    async fn a_section_is_an_object() {
        let sources: Vec<Box<dyn ConfigSource>> = vec![Box::new(MemoryConfig::new(
            json!({ "chunker": { "fixed": "secret text" }, "tool": 3 }),
        ))];
        let tree = ConfigTree::load(&sources).await.unwrap();
        let error = tree
            .section(&PluginName::new("chunker", "fixed"))
            .unwrap_err();
        assert_eq!(error.code(), "config_invalid");
        assert_eq!(
            error.to_string(),
            "invalid config for `chunker.fixed`\n  `chunker.fixed`: found text, expected an object of settings"
        );
        let error = tree.section(&PluginName::new("tool", "echo")).unwrap_err();
        assert!(
            error.to_string().contains("`tool`: found a number"),
            "{error}"
        );
    }
}
