//! Whether a value fits the keywords of a schema that look at nothing inside it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use dagstack_plugin_core::schema::{Schema, target};

/// Whether a value may be meant to fit a part of the schema `root`: it is of the type, and one of the
/// values, of one of its forms. What is inside does not count.
pub(crate) fn may_be_meant(root: &Schema, schema: &Value, value: &Value) -> bool {
    schema.as_object().map_or_else(
        || schema != &Value::Bool(false),
        |schema| is_form(root, schema, value, 0),
    )
}

fn is_form(root: &Schema, schema: &Map<String, Value>, value: &Value, depth: usize) -> bool {
    let of_one = |keyword: &str| match schema.get(keyword) {
        Some(Value::Array(forms)) if !forms.is_empty() => forms.iter().any(|form| match form {
            Value::Object(form) => is_form(root, form, value, depth + 1),
            other => other != &Value::Bool(false),
        }),
        _ => true,
    };
    depth > 8
        || (!only_excludes(schema)
            && type_fits(schema, value)
            && choice_fits(schema, value)
            && target(root, schema).is_none_or(|it| is_form(root, it, value, depth + 1))
            && of_one("anyOf")
            && of_one("oneOf"))
}

/// Whether a form says only what is no form: nobody means it.
pub(crate) fn only_excludes(schema: &Map<String, Value>) -> bool {
    schema.len() == 1 && schema.contains_key("not")
}

/// Whether the value is of the type, or one of the types, that the schema names. As JSON Schema has it,
/// `5.0` is an integer.
pub(crate) fn type_fits(schema: &Map<String, Value>, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => is_integer(value),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    match schema.get("type") {
        Some(Value::String(name)) => fits(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Whether the value is the one, or one of those, that the schema names.
pub(crate) fn choice_fits(schema: &Map<String, Value>, value: &Value) -> bool {
    let listed = match schema.get("enum") {
        Some(Value::Array(values)) => values.iter().any(|listed| is_equal(listed, value)),
        _ => true,
    };
    listed && schema.get("const").is_none_or(|only| is_equal(only, value))
}

/// Equal as JSON Schema has it: numbers by what they are worth.
pub(crate) fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => compare(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, a)| right.get(key).is_some_and(|b| is_equal(a, b));
            left.len() == right.len() && left.iter().all(same)
        }
        (left, right) => left == right,
    }
}

/// Whether the value is within the bounds and lengths that the schema names.
pub(crate) fn limits_fit(schema: &Map<String, Value>, value: &Value) -> bool {
    let length = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let within = |count: usize, least: &str, most: &str| {
        let count = count as u64;
        length(least).is_none_or(|least| count >= least)
            && length(most).is_none_or(|most| count <= most)
    };
    match value {
        Value::Number(_) => [
            ("minimum", &[Ordering::Greater, Ordering::Equal][..]),
            ("exclusiveMinimum", &[Ordering::Greater]),
            ("maximum", &[Ordering::Less, Ordering::Equal]),
            ("exclusiveMaximum", &[Ordering::Less]),
        ]
        .iter()
        .all(|(keyword, allowed)| {
            schema
                .get(*keyword)
                .and_then(|bound| compare(value, bound))
                .is_none_or(|order| allowed.contains(&order))
        }),
        Value::String(text) => within(text.chars().count(), "minLength", "maxLength"),
        Value::Array(items) => within(items.len(), "minItems", "maxItems"),
        _ => true,
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    let whole = |value: &Value| {
        value
            .as_i64()
            .map(i128::from)
            .or_else(|| value.as_u64().map(i128::from))
    };
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
