//! Values that fit a schema.

use serde_json::{Map, Number, Value, json};

use super::describe::{DEPTH, Describe, SHOWN, values, variants};
use crate::schema::Schema;
use crate::secrets::{self, MASKED, is_secret_name};

/// A value that fits the schema, `[MASKED]` in place of secrets; `None` where none is known.
pub(crate) fn example_of(schema: &Schema) -> Option<Value> {
    Describe::new(schema, false).example(schema)
}

impl Describe<'_> {
    /// A value that fits.
    pub(super) fn example(&self, schema: &Map<String, Value>) -> Option<Value> {
        if self.secret || secrets::is_marked(self.root, schema) {
            return None;
        }
        // Defaults and examples are the author's, and may have secrets inside.
        self.make(schema, 0)
            .map(|made| secrets::mask_part(&made, self.root, schema))
    }

    fn make(&self, schema: &Map<String, Value>, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        if secrets::is_marked(self.root, schema) {
            return Some(Value::from(MASKED));
        }
        if let Some(given) = schema.get("default").filter(|given| !is_empty(given)) {
            return Some(given.clone());
        }
        if let Some(first) = schema.get("examples").and_then(|given| given.get(0)) {
            return Some(first.clone());
        }
        if let Some(first) = values(schema).find(|value| !value.is_null()) {
            return Some(first.clone());
        }
        if let Some(target) = self.target(schema) {
            return self.make(target, depth + 1);
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null")?.as_str()?,
            Some(Value::String(kind)) => kind,
            _ => {
                return variants(schema).find_map(|variant| {
                    let made = self.make(variant, depth + 1)?;
                    (!made.is_null()).then_some(made)
                });
            }
        };
        if schema.contains_key("not") || schema.contains_key("allOf") {
            return None;
        }
        match kind {
            "null" => Some(Value::Null),
            "boolean" => Some(Value::Bool(true)),
            "integer" => example_integer(schema),
            "number" => example_number(schema),
            "string" => example_text(schema),
            "array" => self.make_array(schema, depth),
            "object" => self.make_object(schema, depth),
            _ => None,
        }
    }

    fn make_array(&self, schema: &Map<String, Value>, depth: usize) -> Option<Value> {
        let unsure = ["contains", "unevaluatedItems"];
        if unsure.iter().any(|keyword| schema.contains_key(*keyword)) {
            return None;
        }
        let first = match schema.get("prefixItems") {
            Some(Value::Array(items)) => items.as_slice(),
            _ => &[],
        };
        let mut made = Vec::new();
        for item in first {
            made.push(self.make(item.as_object()?, depth + 1)?);
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maxItems").and_then(Value::as_u64);
        // One item says more than none.
        let wanted = least.max(1).min(most.unwrap_or(u64::MAX));
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        if wanted > 4 || (unique && wanted > 1) {
            return None;
        }
        while (made.len() as u64) < wanted {
            match schema.get("items") {
                Some(Value::Object(item)) => match self.make(item, depth + 1) {
                    Some(item) => made.push(item),
                    None if made.len() as u64 >= least => break,
                    None => return None,
                },
                _ if made.len() as u64 >= least => break,
                _ => return None,
            }
        }
        Some(Value::Array(made))
    }

    fn make_object(&self, schema: &Map<String, Value>, depth: usize) -> Option<Value> {
        let unsure = ["minProperties", "dependentRequired", "if", "oneOf", "anyOf"];
        if unsure.iter().any(|keyword| schema.contains_key(*keyword)) {
            return None;
        }
        let mut made = Map::new();
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            let value = if is_secret_name(key) {
                Value::from(MASKED)
            } else {
                match schema.get("properties")?.get(key)? {
                    Value::Object(wanted) => self.make(wanted, depth + 1)?,
                    _ => json!("…"),
                }
            };
            made.insert(key.to_owned(), value);
        }
        Some(Value::Object(made))
    }
}

/// Nothing to learn from.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn example_integer(schema: &Map<String, Value>) -> Option<Value> {
    let bound = |keyword: &str| {
        let bound = schema.get(keyword)?;
        bound
            .as_i64()
            .map(i128::from)
            .or_else(|| bound.as_u64().map(i128::from))
            // A bound with a fraction: the truncated one may be outside, so none is known.
            .or_else(|| {
                bound
                    .as_f64()
                    .filter(|f| f.fract() == 0.0)
                    .map(|f| f as i128)
            })
    };
    let least = [bound("minimum"), bound("exclusiveMinimum").map(|b| b + 1)];
    let most = [bound("maximum"), bound("exclusiveMaximum").map(|b| b - 1)];
    let least = least.into_iter().flatten().max();
    let most = most.into_iter().flatten().min();
    let mut made = least.unwrap_or(1).max(1);
    if let Some(most) = most {
        made = made.min(most);
    }
    if let Some(step) = schema.get("multipleOf") {
        let step = i128::from(step.as_i64().filter(|step| *step > 0)?);
        made = made.div_euclid(step) * step;
        if least.is_some_and(|least| made < least) {
            made += step;
        }
    }
    let fits = least.is_none_or(|least| made >= least) && most.is_none_or(|most| made <= most);
    let made = i64::try_from(made).ok().filter(|_| fits)?;
    Some(Value::from(made))
}

fn example_number(schema: &Map<String, Value>) -> Option<Value> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let least = bound("minimum")
        .into_iter()
        .chain(bound("exclusiveMinimum"));
    let most = bound("maximum")
        .into_iter()
        .chain(bound("exclusiveMaximum"));
    let least = least.fold(f64::NEG_INFINITY, f64::max);
    let most = most.fold(f64::INFINITY, f64::min);
    let within = |number: &f64| {
        number.is_finite()
            && *number >= least
            && *number <= most
            && bound("exclusiveMinimum").is_none_or(|bound| *number > bound)
            && bound("exclusiveMaximum").is_none_or(|bound| *number < bound)
            && bound("multipleOf").is_none_or(|step| number % step == 0.0)
    };
    let made = [
        0.5,
        1.0,
        (least + most) / 2.0,
        least,
        most,
        least + 1.0,
        most - 1.0,
    ]
    .into_iter()
    .find(within)?;
    Number::from_f64(made).map(Value::Number)
}

fn example_text(schema: &Map<String, Value>) -> Option<Value> {
    if schema.contains_key("pattern") {
        return None;
    }
    let named = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let made = match named("contentEncoding").or(named("format")) {
        None => "text",
        Some("base64") => "aGVsbG8=",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("date") => "2026-01-31",
        Some("time") => "12:00:00Z",
        Some("email") => "name@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "123e4567-e89b-12d3-a456-426614174000",
        Some("ip" | "ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("hostname") => "example.com",
        Some(_) => return None,
    };
    let length = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let least = length("minLength").unwrap_or(0);
    let most = length("maxLength").unwrap_or(u64::MAX);
    let count = made.len() as u64;
    if (least..=most).contains(&count) {
        return Some(Value::from(made));
    }
    let formed = ["contentEncoding", "format"];
    if formed.iter().any(|keyword| schema.contains_key(*keyword)) || least > SHOWN as u64 {
        return None;
    }
    let count = count.clamp(least, most.max(least)) as usize;
    Some(Value::from(
        made.chars().cycle().take(count).collect::<String>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(value: Value) -> Schema {
        value.as_object().cloned().unwrap_or_default()
    }

    #[cfg(feature = "validate")]
    #[test]
    fn examples_fit_their_schema() {
        let schemas = json!([
            { "type": "integer" },
            { "type": "integer", "minimum": 5 },
            { "type": "integer", "maximum": -5 },
            { "type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7 },
            { "type": "integer", "minimum": 5, "maximum": 9, "multipleOf": 4 },
            { "type": "integer", "maximum": 0 },
            { "type": "number", "minimum": 1.5 },
            { "type": "number", "exclusiveMinimum": 3.25, "exclusiveMaximum": 3.5 },
            { "type": "number", "maximum": -7 },
            { "type": "string", "minLength": 6 },
            { "type": "string", "minLength": 1, "maxLength": 1 },
            { "type": "string", "maxLength": 0 },
            { "type": "string", "format": "uuid" },
            { "type": "string", "contentEncoding": "base64" },
            { "type": ["string", "null"] },
            { "type": "boolean" },
            { "type": "null" },
            { "enum": [null, "a"] },
            { "const": 5 },
            { "type": "array", "items": { "type": "integer", "minimum": 3 } },
            { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 3 },
            { "type": "array", "items": { "type": "string" }, "maxItems": 0 },
            { "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }],
              "minItems": 2, "maxItems": 2 },
            { "anyOf": [{ "type": "null" }, { "type": "integer" }] },
            { "type": "object", "properties": { "a": { "type": "integer" }, "b": {} },
              "required": ["a"], "additionalProperties": false },
            { "$ref": "#/$defs/A", "$defs": { "A": { "type": "integer", "maximum": 0 } } },
        ]);
        for case in schemas.as_array().unwrap() {
            let schema = schema(case.clone());
            let example = example_of(&schema).unwrap_or_else(|| panic!("no example for {case}"));
            let problems = crate::validate::validate("x", &schema, &example);
            assert!(problems.is_empty(), "{example} for {case}: {problems:?}");
        }
    }

    #[test]
    fn no_example_is_better_than_a_wrong_one() {
        for case in [
            json!({ "type": "string", "pattern": "^a$" }),
            json!({ "type": "string", "format": "semver" }),
            json!({ "type": "array", "uniqueItems": true, "minItems": 2, "items": { "type": "integer" } }),
            json!({ "type": "integer", "minimum": 6, "maximum": 7, "multipleOf": 5 }),
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string", "pattern": "b" } } }),
            json!({ "$ref": "#" }),
            json!({}),
        ] {
            assert_eq!(example_of(&schema(case.clone())), None, "{case}");
        }
    }
}
