//! The kinds of JSON values, and which of them a schema names.

use serde_json::{Number, Value};

use super::parts::values;
use dagstack_plugin_core::schema::Schema;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const INTEGER: Self = Self(4);
    /// A number that is no integer.
    pub(crate) const FRACTION: Self = Self(8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    pub(crate) const ANY: Self = Self(127);

    pub(crate) fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 == kinds.0
    }

    pub(crate) fn add(&mut self, kinds: Self) {
        self.0 |= kinds.0;
    }

    /// The kinds that a schema names itself.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut kinds = Self::default();
        match schema.get("type") {
            Some(names) => kinds = Self::named(names).unwrap_or(Self::ANY),
            None => {
                values(schema).for_each(|value| kinds.add(Self::of_value(value)));
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

    /// The kinds that a `type` names; `None` where it is no name of one, nor a list of them.
    pub(crate) fn named(names: &Value) -> Option<Self> {
        if let Value::Array(names) = names {
            let mut kinds = Self::default();
            for name in names {
                kinds.add(Self::named(name)?);
            }
            return Some(kinds);
        }
        Some(match names.as_str()? {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self(Self::INTEGER.0 | Self::FRACTION.0),
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The kind of a value.
    pub(crate) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if is_integer(number) => Self::INTEGER,
            Value::Number(_) => Self::FRACTION,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }
}

/// Whether a number is an integer, as JSON Schema has it: `1.0` is one.
fn is_integer(number: &Number) -> bool {
    match number.as_f64() {
        Some(float) => number.as_i128().is_some() || float.fract() == 0.0,
        None => number
            .to_string()
            .bytes()
            .all(|byte| byte != b'.' && byte != b'e' && byte != b'E'),
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
