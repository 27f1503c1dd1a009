//! What a schema says without being asked about a value: its parts, by the keywords that hold them.

use dagstack_plugin_core::schema::{Schema, is_any, target};
use serde_json::Value;

/// Where something stands, to know it again: a walk's schemas and values stay where they are.
pub(crate) fn address<T>(place: &T) -> usize {
    std::ptr::from_ref(place) as usize
}

/// What a keyword lists.
pub(crate) fn list<'s>(schema: &'s Schema, keyword: &str) -> &'s [Value] {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// What a keyword holds under names.
pub(crate) fn named<'s>(
    schema: &'s Schema,
    keyword: &str,
) -> impl Iterator<Item = (&'s String, &'s Value)> + Clone + use<'s> {
    let named = schema.get(keyword).and_then(Value::as_object);
    named.into_iter().flatten()
}

/// The values that a schema lists.
pub(crate) fn values(schema: &Schema) -> impl Iterator<Item = &Value> {
    schema.get("const").into_iter().chain(list(schema, "enum"))
}

/// The alternatives of a schema.
pub(crate) fn variants(schema: &Schema) -> impl Iterator<Item = &Value> {
    list(schema, "anyOf").iter().chain(list(schema, "oneOf"))
}

/// The schema of the key, if it has a name of its own.
pub(crate) fn property<'s>(schema: &'s Schema, key: &str) -> Option<&'s Value> {
    schema.get("properties")?.get(key)
}

/// The schemas of keys that are not named.
pub(crate) fn others(schema: &Schema) -> impl Iterator<Item = &Value> {
    let patterns = named(schema, "patternProperties").map(|(_, part)| part);
    patterns.chain(of(
        schema,
        &["additionalProperties", "unevaluatedProperties"],
    ))
}

/// The schemas of the item at `index`: those of its place, or those of items without one.
pub(crate) fn item(schema: &Schema, index: usize) -> impl Iterator<Item = &Value> {
    let first = list(schema, "prefixItems").get(index);
    let rest: &'static [&'static str] = match first {
        Some(_) => &[],
        None => &["items", "unevaluatedItems"],
    };
    first.into_iter().chain(of(schema, rest))
}

/// The schemas that these keywords are.
pub(crate) fn of<'s>(
    schema: &'s Schema,
    keywords: &'static [&'static str],
) -> impl Iterator<Item = &'s Value> + use<'s> {
    keywords.iter().filter_map(|keyword| schema.get(*keyword))
}

/// `schema`, a part of `root`, and all that always or in one form speak of the same value: what it refers
/// to, its parts and its alternatives.
pub(crate) fn forms<'s>(root: &'s Schema, schema: &'s Schema) -> Vec<&'s Schema> {
    let mut forms = Vec::new();
    add_forms(root, schema, &mut forms);
    forms
}

/// Adds the [`forms`] that are not yet among these.
pub(crate) fn add_forms<'s>(root: &'s Schema, schema: &'s Schema, forms: &mut Vec<&'s Schema>) {
    if forms.iter().any(|form| std::ptr::eq(*form, schema)) {
        return;
    }
    forms.push(schema);
    let parts = list(schema, "allOf").iter().chain(variants(schema));
    let parts = parts.filter_map(Value::as_object);
    for part in parts.chain(target(root, schema)) {
        add_forms(root, part, forms);
    }
}

/// Whether no value fits: `false`, or as that is published.
pub(crate) fn is_never(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.len() == 1 && map.get("not").is_some_and(is_any),
        other => other == &Value::Bool(false),
    }
}
