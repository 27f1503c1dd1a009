//! The keys that an object may have.

use serde_json::{Map, Value};

use crate::schema::{Schema, target};

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
}

impl<'a> Keys<'a> {
    /// Of a schema and all that it refers to for the same value.
    pub(crate) fn of(root: &'a Schema, schema: &'a Map<String, Value>) -> Self {
        let mut keys = Self::default();
        keys.add(root, schema, 0);
        keys
    }

    /// Whether a pattern of the schema takes the key.
    pub(crate) fn matches(&self, key: &str) -> bool {
        self.patterns
            .iter()
            .any(|patterns| pattern_for(patterns, key).is_some())
    }

    fn add(&mut self, root: &'a Schema, schema: &'a Map<String, Value>, depth: usize) {
        if depth > 8 {
            self.open = true;
            return;
        }
        if let Some(Value::Object(properties)) = schema.get("properties") {
            self.named |= !properties.is_empty();
            for key in properties.keys() {
                if !self.known.contains(&key.as_str()) {
                    self.known.push(key);
                }
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
            self.add(root, target, depth + 1);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                match part {
                    Value::Object(part) => self.add(root, part, depth + 1),
                    Value::Bool(true) => self.open = true,
                    _ => {}
                }
            }
        }
    }
}

/// The schema for keys like `key`. Only the patterns that schemars writes for number keys are read;
/// a key may match any other.
pub(super) fn pattern_for<'a>(patterns: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
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
