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

use crate::schema::{Schema, keywords};

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
    // Of a container of secrets, the rest may stay.
    let shown = |value: &Value| copy(value, &Places::of_part(value, root, schema, names));
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
            without_values(part, root, secret, names);
        }
    };
    if names && let Some(Value::Object(members)) = schema.get_mut("properties") {
        let members = members.iter_mut();
        let secrets = members.filter(|(name, _)| is_secret_name(name));
        secrets.for_each(|(_, member)| within(member, true));
    }
    keywords::each_mut(schema, |_, part| within(part, secret));
}

/// Whether a schema marks any value as a secret.
pub(crate) fn mentions_secrets(schema: &Schema) -> bool {
    schema.contains_key(WRITE_ONLY) || keywords::any(schema, mentions_secrets)
}
