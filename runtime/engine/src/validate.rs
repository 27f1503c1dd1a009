//! JSON Schema validation: says what is wrong with a value, all of it at once.

use serde_json::Value;

use crate::diagnose::{self, Unknown};
use crate::schema::validator::{Validator, invalid_schema, unexplained};
use dagstack_plugin_core::Problem;
use dagstack_plugin_core::schema::Schema;

/// Every mistake in `value`, none if it fits `schema`. Paths begin with `path`.
///
/// Nothing is fetched: a schema that refers to another document is itself a problem. Formats are
/// annotations, as draft 2020-12 has it. A schema with anchors, dynamic references or, inside it, `$id`s
/// around references needs the feature `json-schema`; so does a pattern with look-around or back references, and one with
/// Unicode classes (`\p{L}`) that or `regex`. In patterns `\d`, `\w` and `\b` know ASCII only, as in
/// ECMAScript. Without `regex`, a text that is too long to be searched for a large pattern is refused.
///
/// ```
/// use dagstack_plugin::validate::validate;
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": { "max_size": { "type": "integer", "minimum": 1 } },
///     "required": ["max_size"],
/// });
/// let schema = schema.as_object().unwrap();
///
/// assert!(validate("chunker.fixed", schema, &json!({ "max_size": 5 })).is_empty());
/// let problems = validate("chunker.fixed", schema, &json!({ "max_size": 0 }));
/// assert_eq!(
///     problems[0].to_string(),
///     "`chunker.fixed.max_size`: found 0; expected an integer of at least 1",
/// );
/// ```
pub fn validate(path: &str, schema: &Schema, value: &Value) -> Vec<Problem> {
    let findings = match Validator::new(schema).fits(value) {
        Ok(true) => return Vec::new(),
        Ok(false) => diagnose::explain(path, schema, value, Unknown::WhereForbidden),
        Err(error) => return vec![invalid_schema(path, error)],
    };
    if findings.is_empty() {
        return vec![unexplained(path)];
    }
    diagnose::problems(path, findings)
}
