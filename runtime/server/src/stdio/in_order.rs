//! Schemas as text, with the parameters of a hook in its author's order: maps of serde_json are
//! sorted.

use rmcp::model::ListToolsResult;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Value;

use dagstack_plugin_core::declaration::Hook;
use dagstack_plugin_core::schema::Schema;

/// The names and schemas of parameters, in the order in which they are declared.
pub(super) fn parameters<'a>(
    hook: &Hook,
    properties: &'a Schema,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let place = |name: &str| {
        let mut params = hook.params.iter();
        params
            .position(|param| param.name == name)
            .unwrap_or(usize::MAX)
    };
    let mut all: Vec<_> = properties.iter().collect();
    all.sort_by_key(|(name, _)| place(name));
    all.into_iter()
}

/// The schema of a hook's arguments.
pub(super) struct Input<'a> {
    pub(super) hook: &'a Hook,
    pub(super) schema: &'a Schema,
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.schema.len()))?;
        for (keyword, value) in self.schema {
            match value {
                Value::Object(properties) if keyword == "properties" => {
                    map.serialize_entry(keyword, &Parameters(self.hook, properties))?;
                }
                value => map.serialize_entry(keyword, value)?,
            }
        }
        map.end()
    }
}

struct Parameters<'a>(&'a Hook, &'a Schema);

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(parameters(self.0, self.1))
    }
}

/// What `tools/list` answers, where `hook` knows the hooks of the tools by their names.
pub(super) fn tools<'a>(
    listed: &ListToolsResult,
    hook: impl Fn(&str) -> Option<&'a Hook>,
) -> serde_json::Result<String> {
    let mut all = serde_json::to_value(listed)?;
    let tools = all.get_mut("tools").map(Value::take);
    let Some(Value::Array(tools)) = tools else {
        return Err(Error::custom("a list of tools is an array"));
    };
    let tools: Vec<_> = listed
        .tools
        .iter()
        .zip(tools)
        .map(|(tool, value)| (hook(&tool.name), value))
        .map(|(hook, value)| ToolInOrder(hook, value))
        .collect();
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let mut map = serializer.serialize_map(None)?;
    for (key, value) in all.as_object().into_iter().flatten() {
        match key.as_str() {
            "tools" => map.serialize_entry(key, &tools)?,
            _ => map.serialize_entry(key, value)?,
        }
    }
    SerializeMap::end(map)?;
    String::from_utf8(text).map_err(Error::custom)
}

struct ToolInOrder<'a>(Option<&'a Hook>, Value);

impl Serialize for ToolInOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Some(hook), Value::Object(tool)) = (self.0, &self.1) else {
            return self.1.serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(tool.len()))?;
        for (key, value) in tool {
            match value {
                Value::Object(schema) if key == "inputSchema" => {
                    map.serialize_entry(key, &Input { hook, schema })?;
                }
                value => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}
