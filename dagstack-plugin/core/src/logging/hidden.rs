//! Attributes of a record that are not shown.

use serde_json::{Map, Value};

/// What stands in for the value of a secret attribute.
pub const HIDDEN: &str = "***";

/// Hides the values under names that `is_secret`, at any depth.
pub fn hide(attributes: &mut Map<String, Value>, is_secret: &dyn Fn(&str) -> bool) {
    for (name, value) in attributes {
        if is_secret(name) {
            *value = Value::from(HIDDEN);
        } else {
            hide_within(value, is_secret);
        }
    }
}

fn hide_within(value: &mut Value, is_secret: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(map) => hide(map, is_secret),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| hide_within(item, is_secret)),
        _ => {}
    }
}
