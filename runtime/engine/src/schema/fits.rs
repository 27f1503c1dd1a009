//! Whether a value fits the keywords of a schema that look at nothing inside it.

use std::cmp::Ordering;

use serde_json::Value;

use super::judge;
use super::kinds::Kinds;
use super::order::compare;
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
    LIMITS.iter().all(|keyword| {
        let limit = schema.get(*keyword);
        limit.is_none_or(|limit| judge::keyword_fits(keyword, limit, value))
    })
}

const LIMITS: [&str; 10] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
];
