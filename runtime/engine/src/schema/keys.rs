//! The keys that an object may have.

use serde_json::{Map, Value};

use super::parts::{list, named};
use dagstack_plugin_core::schema::{Schema, target};

/// The keys an object may have, by its schema and all that share the object with it.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    pub(crate) known: Vec<&'a str>,
    patterns: Vec<&'a Map<String, Value>>,
    /// The schema names keys at all.
    pub(crate) named: bool,
    /// Others are welcome.
    pub(crate) open: bool,
    /// Others are forbidden.
    pub(crate) forbids: bool,
    /// All that are named are tags.
    pub(crate) only_tags: bool,
}

impl<'a> Keys<'a> {
    /// Of a schema and all that it refers to for the same value, an object.
    pub(crate) fn of(root: &'a Schema, schema: &'a Schema, object: &Map<String, Value>) -> Self {
        let mut keys = Self::default();
        keys.add(root, schema, object, 0);
        keys.only_tags = keys.named && tags(schema).count() == keys.known.len();
        keys
    }

    /// Whether the schema names the key, or a pattern of it takes the key.
    pub(crate) fn has(&self, key: &str) -> bool {
        let mut patterns = self.patterns.iter();
        self.known.contains(&key) || patterns.any(|patterns| pattern_for(patterns, key).is_some())
    }

    fn add(
        &mut self,
        root: &'a Schema,
        schema: &'a Schema,
        object: &Map<String, Value>,
        depth: usize,
    ) {
        if depth > 8 {
            self.open = true;
            return;
        }
        for (key, _) in named(schema, "properties") {
            self.named = true;
            if !self.known.contains(&key.as_str()) {
                self.known.push(key);
            }
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            self.patterns.push(patterns);
        }
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            match schema.get(keyword) {
                Some(Value::Bool(false)) => self.forbids = true,
                Some(_) => self.open = true,
                None => {}
            }
        }
        if let Some(target) = target(root, schema) {
            self.add(root, target, object, depth + 1);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = list(schema, keyword);
            // By its tags, one variant is meant and the others are not.
            let is_meant = |part: &Schema| has_tags(part, object);
            let mut variants = parts.iter().filter_map(Value::as_object);
            let any_is = variants.any(|part| tags(part).next().is_some() && is_meant(part));
            for part in parts {
                match part {
                    Value::Object(part) if any_is && !is_meant(part) => {}
                    Value::Object(part) => self.add(root, part, object, depth + 1),
                    Value::Bool(true) => self.open = true,
                    _ => {}
                }
            }
        }
    }
}

/// The tags of a variant, by their keys.
pub(crate) fn tags(variant: &Schema) -> impl Iterator<Item = (&str, &Value)> {
    named(variant, "properties").filter_map(|(key, member)| Some((key.as_str(), tag(member)?)))
}

/// The only value that a schema allows.
fn tag(schema: &Value) -> Option<&Value> {
    match (schema.get("const"), schema.get("enum")) {
        (None, Some(Value::Array(values))) if values.len() == 1 => values.first(),
        (only, _) => only,
    }
}

/// Whether an object has the tags of a variant, as far as it has any.
pub(crate) fn has_tags(variant: &Schema, object: &Map<String, Value>) -> bool {
    tags(variant).all(|(key, tag)| object.get(key).is_none_or(|given| given == tag))
}

/// The schema for keys like `key`. Only the patterns that schemars writes for number keys are read;
/// a key may match any other.
pub(crate) fn pattern_for<'a>(patterns: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    patterns
        .iter()
        .find(|(pattern, _)| {
            let digits = match pattern.as_str() {
                r"^\d+$" => key,
                r"^-?\d+$" => key.strip_prefix('-').unwrap_or(key),
                _ => return true,
            };
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
        .map(|(_, schema)| schema)
}
