//! The form in which schemas are published.
//!
//! MCP's own schema, and clients with it, take only objects as the schemas of parameters; validators
//! warn of every format that JSON Schema does not know; some clients drop tools whose arrays have no
//! `items`. So here the same is said in words that all of them take.

use serde_json::{Map, Value, json};

use super::{Schema, keywords};

/// Which formats a schema may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formats {
    /// Those of Rust types too (`uint8`, `float`): the engine and readers of
    /// hookspecs know the types by them.
    OfTypes,
    /// Those of JSON Schema.
    Read,
    /// Those of JSON Schema that values keep to which are written: clients refuse a result that
    /// does not.
    Written,
}

/// Brings a schema into the published form. Values (`default`, `const`, …) stay as they are.
///
/// * Schemas inside it are objects: `{}` for `true`, `{"not": {}}` for `false`. Only objects stay
///   closed by `additionalProperties: false`, which all clients know.
/// * Integers have the bounds of their type.
/// * Arrays have `items`, tuples too.
/// * Formats are as wanted; what others say is said in other words.
pub(crate) fn publish(schema: &mut Schema, formats: Formats) {
    let most = most_items(schema);
    integers(schema);
    if formats != Formats::OfTypes {
        format(schema, formats);
    }
    keywords::each_mut(schema, |keyword, part| {
        let closes = matches!(keyword, "additionalProperties" | "unevaluatedProperties");
        match part {
            Value::Bool(true) => *part = json!({}),
            Value::Bool(false) if !closes => *part = json!({ "not": {} }),
            Value::Object(inner) => publish(inner, formats),
            _ => {}
        }
    });
    // Last, so that what is copied is not walked again.
    items(schema, most);
}

/// Whether a value may be of the type.
fn may_be(schema: &Schema, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    }
}

fn places(schema: &Schema) -> u64 {
    match schema.get("prefixItems") {
        Some(Value::Array(places)) => places.len() as u64,
        _ => 0,
    }
}

/// How many items an array may have. Tuples say so by `maxItems`.
fn most_items(schema: &mut Schema) -> Option<u64> {
    let places = places(schema);
    let mut most = schema.get("maxItems").and_then(Value::as_u64);
    if places > 0 && schema.get("items") == Some(&Value::Bool(false)) {
        // The other way to say that a tuple ends here.
        most = Some(most.map_or(places, |most| most.min(places)));
        schema.insert("maxItems".to_owned(), most.into());
        schema.remove("items");
    }
    most
}

/// Gives arrays `items`. Those of a tuple say for each item what one of its places says, so that
/// they are right for readers too that do not know `prefixItems`.
fn items(schema: &mut Schema, most: Option<u64>) {
    let places = places(schema);
    if schema.contains_key("items") {
        return;
    }
    let any = match schema.get("prefixItems") {
        Some(Value::Array(listed)) if most.is_some_and(|most| most <= places) => one_of(listed),
        // Where others than `items` judge the rest, `items` would take it from them.
        _ if schema.contains_key("unevaluatedItems") => return,
        _ if places > 0 || may_be(schema, "array") => json!({}),
        _ => return,
    };
    schema.insert("items".to_owned(), any);
}

/// What is said of a value in some place of a tuple, without the words that belong to the place.
fn one_of(places: &[Value]) -> Value {
    const OF_ONE_PLACE: [&str; 6] = [
        "$comment",
        "default",
        "deprecated",
        "description",
        "examples",
        "title",
    ];
    let mut forms: Vec<Value> = Vec::new();
    for place in places {
        let form = match place {
            // A copy of a tuple, with copies in it, in each copy around it would double at each level.
            Value::Object(place) if has_tuple(place) => {
                let mut form = Map::new();
                form.extend(place.get("type").map(|it| ("type".to_owned(), it.clone())));
                if may_be(place, "array") {
                    form.insert("items".to_owned(), json!({}));
                }
                if crate::secrets::mentions_secrets(place) {
                    form.insert("writeOnly".to_owned(), true.into());
                }
                Value::Object(form)
            }
            Value::Object(place) => place
                .iter()
                .filter(|(keyword, _)| !OF_ONE_PLACE.contains(&keyword.as_str()))
                .map(|(keyword, value)| (keyword.clone(), value.clone()))
                .collect(),
            other => other.clone(),
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    match forms.len() {
        1 => forms.remove(0),
        _ if forms.iter().any(super::keywords::is_any) => json!({}),
        _ => json!({ "anyOf": forms }),
    }
}

/// Whether the schema is that of a tuple, or one stands inside.
fn has_tuple(schema: &Schema) -> bool {
    schema.contains_key("prefixItems") || keywords::any(schema, has_tuple)
}

/// The bounds of the integer type that has the format in schemas that schemars makes.
///
/// Those of 128 bits have the bounds of 64: numbers beyond are no JSON value here, and refused.
pub fn bounds(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "int128" => (i64::MIN.into(), u64::MAX.into()),
        "uint8" => (0.into(), u8::MAX.into()),
        "uint16" => (0.into(), u16::MAX.into()),
        "uint32" => (0.into(), u32::MAX.into()),
        "uint64" | "uint" | "uint128" => (0.into(), u64::MAX.into()),
        _ => return None,
    })
}

/// Gives integers the bounds of their type, where the author has set none.
fn integers(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str);
    let Some((least, most)) = format.and_then(bounds) else {
        return;
    };
    if !may_be(schema, "integer") {
        return;
    }
    for (bound, other, value) in [
        ("minimum", "exclusiveMinimum", least),
        ("maximum", "exclusiveMaximum", most),
    ] {
        if !schema.contains_key(other) {
            schema.entry(bound).or_insert(value);
        }
    }
}

/// The formats that JSON Schema 2020-12 knows (Validation, §7.3) but for `duration`.
const KNOWN: [&str; 18] = [
    "date",
    "date-time",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Takes out a format that is not to be there. Of numbers, the bounds say the same.
fn format(schema: &mut Schema, formats: Formats) {
    // A duration of RFC 3339 has no sign and no fractions; jiff writes both.
    let allowed =
        |name: &str| KNOWN.contains(&name) || (name == "duration" && formats == Formats::Read);
    let format = match schema.get("format") {
        Some(Value::String(format)) if !allowed(format) => format.clone(),
        _ => return,
    };
    schema.remove("format");
    if !may_be(schema, "string") {
        return;
    }
    match format.as_str() {
        "ip" if !schema.contains_key("anyOf") => {
            let forms =
                ["ipv4", "ipv6"].map(|format| json!({ "type": "string", "format": format }));
            let null = may_be(schema, "null").then(|| json!({ "type": "null" }));
            let forms: Value = forms.into_iter().chain(null).collect();
            schema.insert("anyOf".to_owned(), forms);
        }
        // Dates and times of chrono and jiff.
        "partial-date-time" => example(schema, "2026-01-31T12:00:00"),
        "partial-time" => example(schema, "12:00:00"),
        "duration" => example(schema, "PT1H30M"),
        "zoned-date-time" => example(schema, "2026-01-31T12:00:00+01:00[Europe/Berlin]"),
        // A format of the author's own.
        _ => {
            let mut words = match schema.get("description") {
                Some(Value::String(words)) if !words.is_empty() => format!("{words}\n\n"),
                _ => String::new(),
            };
            words.push_str(&format!("Format: `{format}`."));
            schema.insert("description".to_owned(), words.into());
        }
    }
}

fn example(schema: &mut Map<String, Value>, text: &str) {
    schema.entry("examples").or_insert_with(|| json!([text]));
}

#[cfg(test)]
mod tests;
