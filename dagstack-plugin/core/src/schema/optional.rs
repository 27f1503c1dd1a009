//! Flattened enums.
//!
//! Units among them are keys without a value there (`{"Nothing": null}`); those with a description are
//! left as the texts that they are elsewhere, which no object is.
//!
//! The schema of optional ones is "one of the variants, or anything", by which a mistake in a variant
//! passes, and serde makes `None` of it. It is meant as "one of the variants, or nothing of them".

use serde_json::{Map, Value, json};

use super::{Schema, keywords};

/// Says so wherever it is meant.
pub(super) fn tighten(schema: &mut Schema) {
    if schema.get("type").and_then(Value::as_str) == Some("object") {
        units_to_keys(schema);
    }
    if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        tighten_forms(forms);
    }
    keywords::each_mut(schema, |_, part| {
        if let Value::Object(part) = part {
            tighten(part);
        }
    });
}

/// Makes keys of the units among the forms of an object.
fn units_to_keys(object: &mut Schema) {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let forms = object.get_mut(keyword).and_then(Value::as_array_mut);
        for form in forms.into_iter().flatten().filter_map(Value::as_object_mut) {
            if let Some(Value::String(unit)) = form.get("const") {
                let unit = unit.clone();
                form.remove("const");
                form.insert("type".to_owned(), "object".into());
                form.insert(
                    "properties".to_owned(),
                    json!({ (&*unit): { "type": "null" } }),
                );
                form.insert("required".to_owned(), json!([unit]));
            } else {
                units_to_keys(form);
            }
        }
    }
}

fn tighten_forms(forms: &mut [Value]) {
    let Some((anything, forms)) = forms.split_last_mut() else {
        return;
    };
    if *anything != Value::Object(Map::new()) {
        return;
    }
    let tagged = match &*forms {
        [Value::Object(only)] if only.len() == 1 => only.get("oneOf").and_then(Value::as_array),
        _ => None,
    };
    let keys: Option<Vec<Value>> = match tagged {
        Some(variants) => variants
            .iter()
            .map(|it| Some(json!([key_of(it)?])))
            .collect(),
        None => forms
            .iter()
            .map(|form| form.get("required").cloned())
            .collect(),
    };
    let mut none: Vec<Value> = Vec::new();
    for keys in keys.into_iter().flatten() {
        let one = json!({ "required": keys });
        if !none.contains(&one) {
            none.push(one);
        }
    }
    if !none.is_empty() {
        *anything = json!({ "not": { "anyOf": none } });
    }
}

/// The key by which a variant is known: its tag, or its name.
fn key_of(variant: &Value) -> Option<&str> {
    let mut required = variant
        .get("required")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str);
    let properties = variant.get("properties")?.as_object()?;
    let is_tag = |key: &&str| {
        properties
            .get(*key)
            .is_some_and(|it| it.get("const").is_some())
    };
    let first = required.next()?;
    required
        .clone()
        .chain([first])
        .find(is_tag)
        .or_else(|| required.next().is_none().then_some(first))
}
