//! The kinds of JSON values, and which of them a schema names.

use serde_json::Value;

use crate::schema::keywords::Schema;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// A number that is no integer.
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ANY: Self = Self(127);

    pub(super) fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 == kinds.0
    }

    pub(super) fn add(&mut self, kinds: Self) {
        self.0 |= kinds.0;
    }

    /// The kinds that a schema names itself.
    pub(super) fn of(schema: &Schema) -> Self {
        let mut kinds = Self::default();
        match schema.get("type") {
            Some(Value::Array(names)) => {
                names.iter().for_each(|name| kinds.add(Self::named(name)));
            }
            Some(name) => kinds.add(Self::named(name)),
            None => {
                let listed = schema.get("enum").and_then(Value::as_array);
                let values = schema.get("const").into_iter();
                for value in values.chain(listed.into_iter().flatten()) {
                    kinds.add(Self::of_value(value));
                }
                if schema.contains_key("properties") {
                    kinds.add(Self::OBJECT);
                }
                if is_free(schema) {
                    kinds = Self::ANY;
                }
            }
        }
        kinds
    }

    fn named(name: &Value) -> Self {
        match name.as_str() {
            Some("null") => Self::NULL,
            Some("boolean") => Self::BOOLEAN,
            Some("integer") => Self::INTEGER,
            Some("number") => Self(Self::INTEGER.0 | Self::FRACTION.0),
            Some("string") => Self::STRING,
            Some("array") => Self::ARRAY,
            Some("object") => Self::OBJECT,
            _ => Self::ANY,
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() => Self::FRACTION,
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }
}

/// Whether the schema takes anything, as far as it says itself.
fn is_free(schema: &Schema) -> bool {
    const SAYS: [&str; 9] = [
        "$ref",
        "allOf",
        "anyOf",
        "const",
        "enum",
        "not",
        "oneOf",
        "properties",
        "type",
    ];
    SAYS.iter().all(|keyword| !schema.contains_key(*keyword))
}
