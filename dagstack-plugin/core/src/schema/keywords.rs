//! A JSON Schema as a document, and which of its keywords hold schemas: the table for every walk.

use serde_json::{Map, Value};

/// A JSON Schema (2020-12) as a plain object.
pub type Schema = Map<String, Value>;

/// Whether every value fits, by the looks of it.
pub fn is_any(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.is_empty(),
        other => other == &Value::Bool(true),
    }
}

/// How a keyword holds schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is one, or a list of them.
    Schemas,
    /// They stand under names of the author's.
    Named,
}

/// How the keyword holds schemas, if it does: draft 2020-12, and what older drafts had in its place.
pub fn holds(keyword: &str) -> Option<Holds> {
    match keyword {
        "additionalItems"
        | "additionalProperties"
        | "allOf"
        | "anyOf"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "items"
        | "not"
        | "oneOf"
        | "prefixItems"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Some(Holds::Schemas),
        "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties"
        | "properties" => Some(Holds::Named),
        _ => None,
    }
}

/// Calls `visit` with each schema that stands right inside `schema`, and the keyword that holds it.
pub fn each_mut(schema: &mut Map<String, Value>, mut visit: impl FnMut(&str, &mut Value)) {
    for (keyword, value) in schema {
        match (holds(keyword), value) {
            (Some(Holds::Schemas), Value::Array(parts)) => {
                parts.iter_mut().for_each(|part| visit(keyword, part));
            }
            (Some(Holds::Schemas), part) => visit(keyword, part),
            (Some(Holds::Named), Value::Object(members)) => {
                members.values_mut().for_each(|part| visit(keyword, part));
            }
            _ => {}
        }
    }
}

/// Whether `is` says so of some schema that stands right inside `schema`.
pub fn any(schema: &Map<String, Value>, mut is: impl FnMut(&Map<String, Value>) -> bool) -> bool {
    let mut is = |part: &Value| part.as_object().is_some_and(&mut is);
    schema
        .iter()
        .any(|(keyword, value)| match (holds(keyword), value) {
            (Some(Holds::Schemas), Value::Array(parts)) => parts.iter().any(&mut is),
            (Some(Holds::Schemas), part) => is(part),
            (Some(Holds::Named), Value::Object(members)) => members.values().any(&mut is),
            _ => false,
        })
}
