//! Environment variables as the layer over the files.

use std::collections::BTreeMap;

use config::{ConfigError, Map, Source, Value, ValueKind};

use super::expand::{FROM_VARIABLE, scalar};

/// The variables that set config keys.
#[derive(Clone)]
pub(super) struct Environment {
    /// By the variable's name.
    settings: Vec<Setting>,
}

#[derive(Clone)]
struct Setting {
    keys: Vec<String>,
    value: String,
    origin: String,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold secrets.
        f.write_str("Environment")
    }
}

impl Environment {
    pub(super) fn new(prefix: &str, variables: &BTreeMap<String, String>) -> Self {
        let settings = variables.iter().filter_map(|(name, value)| {
            let keys: Vec<String> = name
                .strip_prefix(prefix)?
                .split("__")
                .map(str::to_lowercase)
                .collect();
            let complete = keys.iter().all(|key| !key.is_empty());
            complete.then(|| Setting {
                keys,
                value: value.clone(),
                origin: format!("{FROM_VARIABLE}{name}"),
            })
        });
        Self {
            settings: settings.collect(),
        }
    }
}

impl Source for Environment {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let mut tree = Value::new(None, ValueKind::Table(Map::new()));
        self.collect_to(&mut tree)?;
        tree.into_table()
    }

    /// Sets each key in what the files gave, because their spelling of it counts.
    fn collect_to(&self, tree: &mut Value) -> Result<(), ConfigError> {
        for setting in &self.settings {
            set(tree, &setting.keys, setting);
        }
        Ok(())
    }
}

/// Puts the setting where `keys` lead, making tables on the way.
fn set(here: &mut Value, keys: &[String], setting: &Setting) {
    let Some((key, rest)) = keys.split_first() else {
        let last = setting.keys.last().map_or("", String::as_str);
        *here = Value::new(Some(&setting.origin), scalar(last, &setting.value));
        return;
    };
    if !matches!(here.kind, ValueKind::Table(_)) {
        *here = Value::new(None, ValueKind::Table(Map::new()));
    }
    if let ValueKind::Table(table) = &mut here.kind {
        let spelt = spelling(table, key);
        let below = table
            .entry(spelt)
            .or_insert_with(|| Value::new(None, ValueKind::Nil));
        set(below, rest, setting);
    }
}

/// The key of `table` that `key` means, else `key` itself.
fn spelling(table: &Map<String, Value>, key: &str) -> String {
    if table.contains_key(key) {
        return key.to_owned();
    }
    let same = |known: &&String| known.to_lowercase().replace('-', "_") == key;
    // Of several, always the same one.
    table
        .keys()
        .filter(same)
        .min()
        .map_or_else(|| key.to_owned(), Clone::clone)
}
