//! Secrets: which values are some, and keeping them out of what is printed.
//!
//! A value is a secret where its field is [named](is_secret_name) like one, or where its schema
//! says `writeOnly`, as that of a [`Secret`] does.
//!
//! Nothing that this crate or the runtime says of a plugin shows the secrets of its config: errors,
//! reports, states, logs, `--help` and schemas. They are also cut out of what the author's own code
//! says in health checks and, in an executable, panics; those of twelve characters and more out of its
//! errors, however the hook is called. What the SDK says of a caller's own input is not searched: it
//! would tell a right guess from a wrong one. Left to others are:
//!
//! * what a plugin linked into a host panics with: Rust's hook prints it, or the host's own;
//! * what an author prints, logs or returns as a value;
//! * a default in the author's code: it is in the executable for all to read. `--help` and `schema` do
//!   not show it all the same.

mod names;
mod secret;

use serde_json::{Map, Value};

pub use names::{is_secret_attribute, is_secret_name};
#[doc(hidden)]
pub use secret::MASK_GIVEN;
pub use secret::Secret;
/// What a [`Secret`] can overwrite in memory.
#[doc(no_inline)]
pub use zeroize::Zeroize;

use crate::schema::{Schema, keywords, target};

/// What stands in for a secret value.
pub const MASKED: &str = "[MASKED]";

/// The keyword by which a schema marks a secret.
#[doc(hidden)]
pub const WRITE_ONLY: &str = "writeOnly";

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
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| match value {
                    value if is_secret_name(key) && !says_nothing(value) => (key, MASKED.into()),
                    value => (key, mask(value)),
                })
                .map(|(key, value)| (key.clone(), value))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(mask).collect(),
        other => other.clone(),
    }
}

/// `null` and the empty text hide nothing.
#[doc(hidden)]
pub fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Whether a schema marks its values as secrets.
#[doc(hidden)]
pub fn has_mark(schema: &Schema) -> bool {
    schema.get(WRITE_ONLY) == Some(&Value::Bool(true))
}

/// A schema without the defaults and examples of secrets; those of other parts of it are what `shown`
/// makes of them. With `names`, fields named like secrets have none either.
#[must_use]
#[doc(hidden)]
pub fn without_values(
    schema: &Schema,
    names: bool,
    shown: &dyn Fn(&Value, &Schema) -> Value,
) -> Schema {
    let mut masked = schema.clone();
    hide_values(&mut masked, false, names, shown);
    masked
}

fn hide_values(
    schema: &mut Schema,
    secret: bool,
    names: bool,
    show: &dyn Fn(&Value, &Schema) -> Value,
) {
    let secret = secret || has_mark(schema);
    // Of a container of secrets, the rest may stay.
    let shown = |value: &Value| show(value, schema);
    let examples = schema.get("examples").and_then(Value::as_array);
    let examples = examples.map(|examples| examples.iter().map(shown).collect());
    for (keyword, shown) in [
        ("default", schema.get("default").map(shown)),
        ("examples", examples),
    ] {
        match shown {
            Some(_) if secret => schema.remove(keyword),
            Some(shown) => schema.insert(keyword.to_owned(), shown),
            None => None,
        };
    }
    let within = |part: &mut Value, secret| {
        if let Value::Object(part) = part {
            hide_values(part, secret, names, show);
        }
    };
    if names && let Some(Value::Object(members)) = schema.get_mut("properties") {
        let members = members.iter_mut();
        let secrets = members.filter(|(name, _)| is_secret_name(name));
        secrets.for_each(|(_, member)| within(member, true));
    }
    keywords::each_mut(schema, |_, part| within(part, secret));
}

/// The schema of a type without the defaults and examples of what it marks.
pub(crate) fn without_marked(schema: Schema) -> Schema {
    if !mentions_secrets(&schema) {
        return schema;
    }
    without_values(&schema, false, &|value, part| {
        let mut value = value.clone();
        mask_marked(&mut value, vec![part], &schema);
        value
    })
}

/// Masks what the schemas of a value mark in it. Each is looked at once for each value, however they
/// refer to each other.
fn mask_marked<'s>(value: &mut Value, mut schemas: Vec<&'s Schema>, root: &'s Schema) {
    if says_nothing(value) {
        return;
    }
    let mut next = 0;
    while let Some(&schema) = schemas.get(next) {
        next += 1;
        if has_mark(schema) {
            *value = MASKED.into();
            return;
        }
        let forms = ["allOf", "anyOf", "oneOf"].into_iter();
        let forms = forms.filter_map(|it| schema.get(it)?.as_array()).flatten();
        let forms = forms.filter_map(Value::as_object);
        for form in forms.chain(target(root, schema)) {
            if !schemas.iter().any(|known| std::ptr::eq(*known, form)) {
                schemas.push(form);
            }
        }
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let parts = schemas.iter().flat_map(|schema| {
                    let named = schema.get("properties").and_then(|named| named.get(key));
                    let named = named.or_else(|| schema.get("additionalProperties"));
                    let patterns = schema.get("patternProperties").and_then(Value::as_object);
                    named
                        .into_iter()
                        .chain(patterns.into_iter().flat_map(Map::values))
                });
                let parts = parts.filter_map(Value::as_object).collect();
                mask_marked(value, parts, root);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let parts = schemas.iter().filter_map(|schema| {
                    let first = schema.get("prefixItems").and_then(|first| first.get(index));
                    first.or_else(|| schema.get("items"))?.as_object()
                });
                mask_marked(item, parts.collect(), root);
            }
        }
        _ => {}
    }
}

/// Whether a schema marks secrets anywhere.
pub(crate) fn mentions_secrets(schema: &Schema) -> bool {
    schema.contains_key(WRITE_ONLY) || keywords::any(schema, mentions_secrets)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_that_is_many_forms_of_itself_is_looked_at_once_for_each_value() {
        let form = json!({ "properties": {
            "pin": { "writeOnly": true }, "next": { "$ref": "#" }, "size": { "type": "integer" },
        } });
        let itself = json!({ "$ref": "#" });
        let mut value = json!({ "pin": "hunter2", "size": 1 });
        let mut masked = json!({ "pin": MASKED, "size": 1 });
        for _ in 0..60 {
            value = json!({ "next": value });
            masked = json!({ "next": masked });
        }
        let schema = json!({
            "anyOf": [itself, itself, form, form], "oneOf": [form, itself], "default": value,
        });
        let Value::Object(schema) = schema else {
            unreachable!()
        };
        assert_eq!(without_marked(schema)["default"], masked);
    }
}
