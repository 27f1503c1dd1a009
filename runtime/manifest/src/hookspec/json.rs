//! JSON for files: indented, keys sorted, a newline at the end.

use serde_json::{Map, Value};

/// The text of a file that holds `value`.
pub(super) fn pretty(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

/// serde_json sorts keys itself, unless some crate of the build asks it to keep their order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            let sorted: Map<String, Value> = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            Value::Object(sorted)
        }
        other => other.clone(),
    }
}
