//! Environment variables as keys of a config: `PREFIX` and the keys, with two underscores between them.

use std::sync::Arc;

use dagstack_plugin_core::secrets::is_secret_name;
use serde_json::Value;

use crate::node::{Content, Node, Origin, Step};

/// A variable that sets a key, where no schema says of which type it is.
#[derive(Clone)]
pub struct Setting {
    keys: Vec<String>,
    node: Node,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its value may be a secret.
        write!(f, "Setting({:?})", self.keys)
    }
}

impl Setting {
    /// Sets the key in `tree`, whose spelling of it counts.
    pub fn apply(self, tree: &mut Node) {
        let mut steps = Vec::new();
        for key in &self.keys {
            let known = tree.at(&steps).and_then(Node::as_table);
            let known = known.into_iter().flatten().map(|(key, _)| key.as_str());
            let key = find_key(known, key).unwrap_or(key);
            steps.push(Step::Key(key.to_owned()));
        }
        // There are no items, which alone could be misplaced.
        let _ = tree.put(&steps, self.node);
    }
}

/// Those of some variables that begin with `prefix` and set a key. Under a secret's name the value is
/// text, else it has no type.
pub fn settings<'v>(
    prefix: &str,
    variables: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> Vec<Setting> {
    let variables = variables.into_iter();
    let settings = variables.filter_map(|(name, value)| {
        let keys = name.strip_prefix(prefix)?.split("__");
        let keys: Vec<String> = keys.map(str::to_lowercase).collect();
        let is_secret = keys.last().is_some_and(|key| is_secret_name(key));
        let content = match is_secret {
            true => Content::Plain(Value::from(value)),
            false => Content::Untyped(value.to_owned()),
        };
        let origin = Origin::Variable(Arc::from(name));
        let complete = keys.iter().all(|key| !key.is_empty());
        complete.then_some(Setting {
            keys,
            node: Node { content, origin },
        })
    });
    settings.collect()
}

/// How a key is spelt in the name of a variable: in upper case, and with an underscore for everything
/// that is neither a letter nor a digit.
///
/// ```
/// assert_eq!(dagstack_config::spell("max-size"), "MAX_SIZE");
/// ```
pub fn spell(key: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    key.to_uppercase().chars().map(plain).collect()
}

/// The one of some keys that a word of a variable's name means: itself, or the first that is spelt like
/// it.
pub fn find_key<'k>(keys: impl IntoIterator<Item = &'k str>, word: &str) -> Option<&'k str> {
    let mut like = None;
    let spelt = spell(word);
    for key in keys {
        if key == word {
            return Some(key);
        }
        if like.is_none_or(|like| key < like) && spell(key) == spelt {
            like = Some(key);
        }
    }
    like
}
