//! Secrets: which values are some, and keeping them out of what is printed.
//!
//! A value is a secret where its field is [named](is_secret_name) like one, or where its schema
//! says `writeOnly`, as that of a [`Secret`] does.
//!
//! Nothing that this crate or the runtime says of a plugin shows the secrets of its config: errors,
//! reports, states, logs, `--help` and schemas. They are also cut out of what the author's own code
//! says in errors, health checks and, in an executable, panics. Left to others are:
//!
//! * what a plugin linked into a host panics with: Rust's hook prints it, or the host's own;
//! * what an author prints, logs or returns as a value;
//! * the error of a hook that a host calls through the kind's trait, on a plugin linked into it: it is
//!   handed over as it is;
//! * a default in the author's code: it is in the executable for all to read. `--help` and `schema` do
//!   not show it all the same.

mod names;
mod places;
mod scrub;
mod secret;

use serde_json::Value;

pub use names::{is_secret_attribute, is_secret_name};
pub(crate) use places::Places;
pub use scrub::{Scrubber, scrub};
pub(crate) use secret::MASK_GIVEN;
pub use secret::Secret;
/// What a [`Secret`] can overwrite in memory.
#[doc(no_inline)]
pub use zeroize::Zeroize;

use crate::schema::Schema;

/// What stands in for a secret value.
pub const MASKED: &str = "[MASKED]";

/// The keyword by which a schema marks a secret.
const WRITE_ONLY: &str = "writeOnly";

/// A copy fit to be printed: under every secret name, at any depth, the value is [`MASKED`],
/// whole containers too. `null` and the empty text stay.
///
/// ```
/// use dagstack_plugin::secrets::mask;
/// use serde_json::json;
///
/// assert_eq!(
///     mask(&json!({"host": "db", "password": "hunter2", "db": {"api_key": ""}})),
///     json!({"host": "db", "password": "[MASKED]", "db": {"api_key": ""}}),
/// );
/// ```
#[must_use]
pub fn mask(value: &Value) -> Value {
    copy(value, &Places::by_names(value))
}

/// The same, also where `schema` says `writeOnly`. What does not fit the schema is masked where a
/// secret may have been meant.
///
/// ```
/// use dagstack_plugin::secrets::mask_by;
/// use serde_json::json;
///
/// let schema = json!({"properties": {"pin": {"type": "string", "writeOnly": true}}});
/// assert_eq!(
///     mask_by(&json!({"pin": "1234", "token": "abc"}), schema.as_object().unwrap()),
///     json!({"pin": "[MASKED]", "token": "[MASKED]"}),
/// );
/// ```
#[must_use]
pub fn mask_by(value: &Value, schema: &Schema) -> Value {
    copy(value, &Places::of(value, schema))
}

fn copy(value: &Value, places: &Places<'_>) -> Value {
    match value {
        _ if places.has(value) => Value::from(MASKED),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), copy(value, places)))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| copy(item, places)).collect(),
        other => other.clone(),
    }
}

/// A schema fit to be printed: without the defaults and examples of secrets. With `names`, fields
/// named like secrets have none either.
#[must_use]
#[doc(hidden)]
pub fn mask_schema(schema: &Schema, names: bool) -> Schema {
    let mut masked = schema.clone();
    without_values(&mut masked, schema, false, names);
    masked
}

fn without_values(schema: &mut Schema, root: &Schema, secret: bool, names: bool) {
    let secret = secret || places::has_mark(schema);
    if secret {
        schema.remove("default");
        schema.remove("examples");
    } else {
        // Of a container of secrets, the rest may stay.
        let shown = |value: &Value| copy(value, &Places::of_part(value, root, schema, names));
        let default = schema.get("default").map(shown);
        let examples: Option<Value> = schema
            .get("examples")
            .and_then(Value::as_array)
            .map(|examples| examples.iter().map(shown).collect());
        for (keyword, shown) in [("default", default), ("examples", examples)] {
            if let Some(shown) = shown {
                schema.insert(keyword.to_owned(), shown);
            }
        }
    }
    for (keyword, value) in schema.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(members)) => {
                for (name, member) in members {
                    let secret = secret || (names && is_secret_name(name));
                    within(member, root, secret, names);
                }
            }
            (
                "patternProperties" | "dependentSchemas" | "$defs" | "definitions",
                Value::Object(members),
            ) => {
                members
                    .values_mut()
                    .for_each(|member| within(member, root, secret, names));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(parts)) => {
                parts
                    .iter_mut()
                    .for_each(|part| within(part, root, secret, names));
            }
            (
                "additionalProperties"
                | "unevaluatedProperties"
                | "items"
                | "contains"
                | "unevaluatedItems"
                | "if"
                | "then"
                | "else",
                part,
            ) => within(part, root, secret, names),
            _ => {}
        }
    }
}

fn within(schema: &mut Value, root: &Schema, secret: bool, names: bool) {
    if let Value::Object(schema) = schema {
        without_values(schema, root, secret, names);
    }
}

/// Whether a schema marks any value as a secret.
pub(crate) fn mentions_secrets(schema: &Schema) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.contains_key(WRITE_ONLY) || map.values().any(within),
            Value::Array(items) => items.iter().any(within),
            _ => false,
        }
    }
    schema.contains_key(WRITE_ONLY) || schema.values().any(within)
}
