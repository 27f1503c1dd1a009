//! A plugin's config section, by the schema that the plugin says it has.

use dagstack_plugin_core::config::check_nesting;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::{ConfigInvalid, PluginName};
use serde_json::{Map, Value};

use crate::validate::validate;

/// Validates a section against a plugin's schema.
///
/// # Errors
///
/// Every mistake, by its full path.
pub fn check(plugin: &PluginName, schema: &Schema, section: &Value) -> Result<(), ConfigInvalid> {
    let (path, empty) = (plugin.to_string(), Value::Object(Map::new()));
    let section = if section.is_null() { &empty } else { section };
    check_nesting(&path, section)?;
    let problems = validate(&path, schema, section);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ConfigInvalid::new(path, problems))
    }
}
