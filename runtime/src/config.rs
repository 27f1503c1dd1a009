//! Where plugins' configs come from: a host gives one or more [`ConfigSource`]s; later ones win.

use std::fmt;

use dagstack_plugin::{BoxError, BoxFuture};
use serde_json::{Map, Value};

use crate::error::PluginRegistryError;
use dagstack_plugin::PluginName;

/// A source of configuration: a tree in which a plugin's section stands under `<kind>.<name>`.
///
/// The registry never reads files or the environment itself; it asks its sources. With several, a
/// later one overrides an earlier one, key by key.
pub trait ConfigSource: Send + Sync + 'static {
    /// What the source is, as a URI-like text for messages, e.g. `memory:` or `file:/etc/app.yaml`.
    fn id(&self) -> &str;

    /// The whole tree, an object.
    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>>;
}

/// Why a [`ConfigSource`] could not load.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigSourceError(#[source] BoxError);

impl ConfigSourceError {
    /// An error from any error or text. It is shown to operators: leave secrets out.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

/// A configuration that the host has in memory.
///
/// ```
/// use dagstack_runtime::MemoryConfig;
///
/// let config = MemoryConfig::new(serde_json::json!({ "chunker": { "fixed": { "max_size": 5 } } }));
/// ```
#[derive(Clone)]
pub struct MemoryConfig {
    tree: Value,
}

impl MemoryConfig {
    /// A source of this tree.
    pub fn new(tree: Value) -> Self {
        Self { tree }
    }
}

/// Which sections there are. Which of their values are secrets, only the plugins' schemas say.
impl fmt::Debug for MemoryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |value: &Value| -> Vec<String> {
            let map = value.as_object();
            map.into_iter().flat_map(Map::keys).cloned().collect()
        };
        let kinds = self.tree.as_object().into_iter().flatten();
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
        let tree = self.tree.clone();
        Box::pin(std::future::ready(Ok(tree)))
    }
}

/// The merged tree of all sources.
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
            match source.load().await.map_err(failed)? {
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

    /// The sections under `kind`, by name.
    pub(crate) fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
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

    #[test]
    fn debug_output_names_the_sections() {
        let config = MemoryConfig::new(json!({ "chunker": { "fixed": { "pin": 31_415 } } }));
        assert_eq!(
            format!("{config:?}"),
            r#"MemoryConfig {"chunker": ["fixed"]}"#
        );
    }
}
