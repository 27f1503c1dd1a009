//! Whether a value fits the keywords of a schema that look at nothing inside it.

use std::cmp::Ordering;

use serde_json::Value;

use super::kinds::Kinds;
use super::order::{compare, compare_numbers};
use super::parts::list;
use dagstack_plugin_core::schema::{Schema, target};

/// Whether a value may be meant to fit a part of the schema `root`: it is of the type, and one of the
/// values, of all its parts and of one of its forms. What is inside does not count.
pub(crate) fn may_be_meant(root: &Schema, schema: &Schema, value: &Value) -> bool {
    is_form(root, schema, value, 0)
}

fn is_form(root: &Schema, schema: &Schema, value: &Value, depth: usize) -> bool {
    let fits = |part: &Value| match part {
        Value::Object(part) => is_form(root, part, value, depth + 1),
        other => other != &Value::Bool(false),
    };
    let of_one = |forms: &[Value]| forms.is_empty() || forms.iter().any(fits);
    depth > 8
        || (!only_excludes(schema)
            && type_fits(schema, value)
            && choice_fits(schema, value)
            && target(root, schema).is_none_or(|it| is_form(root, it, value, depth + 1))
            && list(schema, "allOf").iter().all(fits)
            && of_one(list(schema, "anyOf"))
            && of_one(list(schema, "oneOf")))
}

/// Whether a form says only what is no form: nobody means it.
pub(crate) fn only_excludes(schema: &Schema) -> bool {
    schema.len() == 1 && schema.contains_key("not")
}

/// Whether the value is of the type, or one of the types, that the schema names.
pub(crate) fn type_fits(schema: &Schema, value: &Value) -> bool {
    let kinds = schema.get("type").and_then(Kinds::named);
    kinds.is_none_or(|kinds| kinds.has(Kinds::of_value(value)))
}

/// Whether the value is the one, or one of those, that the schema names.
pub(crate) fn choice_fits(schema: &Schema, value: &Value) -> bool {
    let is_it = |other: &Value| compare(other, value) == Ordering::Equal;
    let listed = schema.get("enum").and_then(Value::as_array);
    listed.is_none_or(|listed| listed.iter().any(is_it)) && schema.get("const").is_none_or(is_it)
}

/// Whether the value is within the bounds and lengths that the schema names.
pub(crate) fn limits_fit(schema: &Schema, value: &Value) -> bool {
    let length = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let within = |count: usize, least: &str, most: &str| {
        let count = count as u64;
        length(least).is_none_or(|least| count >= least)
            && length(most).is_none_or(|most| count <= most)
    };
    match value {
        Value::Number(number) => {
            let bound = |keyword: &str, is_within: fn(Ordering) -> bool| {
                let bound = schema.get(keyword).and_then(Value::as_number);
                bound.is_none_or(|bound| is_within(compare_numbers(number, bound)))
            };
            bound("minimum", Ordering::is_ge)
                && bound("exclusiveMinimum", Ordering::is_gt)
                && bound("maximum", Ordering::is_le)
                && bound("exclusiveMaximum", Ordering::is_lt)
        }
        Value::String(text) => within(text.chars().count(), "minLength", "maxLength"),
        Value::Array(items) => within(items.len(), "minItems", "maxItems"),
        _ => true,
    }
}
