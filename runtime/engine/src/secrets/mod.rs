//! Secrets by schema: where they stand in a value, and keeping them out of texts that quote it.

mod places;
mod scrub;

use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::{MASKED, without_values};
use serde_json::Value;

pub(crate) use places::SecretPlaces;
pub use scrub::{Scrubber, scrub};

/// A copy fit to be printed: the values under secret names are masked, and those of which `schema` says
/// `writeOnly`. What does not fit the schema is masked where a secret may have been meant.
///
/// ```
/// use dagstack_engine::secrets::mask_by;
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
    copy(value, &SecretPlaces::of(value, schema))
}

fn copy(value: &Value, places: &SecretPlaces<'_>) -> Value {
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

/// A schema fit to be printed: without the defaults and examples of secrets, those of fields named like
/// one among them.
#[must_use]
pub fn mask_schema(schema: &Schema) -> Schema {
    without_values(schema, true, &|value, part| {
        copy(value, &SecretPlaces::of_part(value, schema, part))
    })
}
