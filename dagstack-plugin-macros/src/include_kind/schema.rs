//! The part of a JSON Schema that a Rust type can carry.
//!
//! A type carries the *shape* of values: their types, fields, variants. What else a schema says of
//! them (lengths, ranges, patterns) stays in the schema, which the kind keeps as it was written and
//! hosts validate against. So such keywords are left out here, and `String` stays `String`.

use serde_json::{Map, Value, json};

use super::problem::{Problem, Result};

/// Keywords that choose between shapes in ways no type does.
const REFUSED: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveRef",
];

/// The schemas of one file on their way to types.
pub(super) struct Simplify<'a> {
    /// The file, as it is shown.
    pub(super) file: &'a str,
    /// Whether there is a definition of that name.
    pub(super) defined: &'a dyn Fn(&str) -> bool,
    /// The definition that a reference to the whole schema means.
    pub(super) root: Option<&'a str>,
}

impl Simplify<'_> {
    /// The shape of `schema`, which stands at `key`.
    pub(super) fn schema(&self, key: &str, schema: &Value) -> Result<Value> {
        match schema {
            Value::Object(map) => self.object(key, map),
            Value::Bool(true) => Ok(json!({})),
            _ => Err(self.refuse(key, "no value fits this schema".to_owned())),
        }
    }

    fn refuse(&self, key: &str, what: String) -> Problem {
        let mut keys = key.split('.');
        let definition = match keys.next() {
            Some("$defs" | "definitions") => keys.next(),
            _ => None,
        };
        Problem::new(self.file, key, what).help(match definition {
            Some(name) => format!(
                "leave it out, or put a type of your own in the place of `{name}`: `types({name} = path)`"
            ),
            None => "leave it out, or move the schema to `$defs` and put a type of your own in its place: `types(Name = path)`".to_owned(),
        })
    }

    fn object(&self, key: &str, map: &Map<String, Value>) -> Result<Value> {
        let mut shape = Map::new();
        for (keyword, value) in map {
            let key = &match key {
                "" => keyword.clone(),
                key => format!("{key}.{keyword}"),
            };
            let keep = match keyword.as_str() {
                // `false` only forbids what the fields do not allow anyway.
                "unevaluatedItems" | "unevaluatedProperties" if value.is_boolean() => continue,
                refused if REFUSED.contains(&refused) => {
                    let what = format!("no Rust type carries the keyword `{keyword}`");
                    return Err(self.refuse(key, what));
                }
                "$ref" => self.reference(key, value)?,
                "properties" => self.named(key, value)?,
                "additionalProperties" if value.is_boolean() => value.clone(),
                // Another way to say `true`.
                "additionalProperties" if *value == json!({}) => json!(true),
                "additionalProperties" => self.schema(key, value)?,
                "items" if value.is_boolean() => continue,
                "items" if value.is_array() => self.several(key, value)?,
                "items" => self.schema(key, value)?,
                "prefixItems" | "anyOf" | "oneOf" | "allOf" => self.several(key, value)?,
                "type" | "required" | "enum" | "const" | "default" | "description" => value.clone(),
                _ => continue,
            };
            shape.insert(keyword.clone(), keep);
        }
        if let Some(patterns) = map.get("patternProperties") {
            let key = match key {
                "" => "patternProperties".to_owned(),
                key => format!("{key}.patternProperties"),
            };
            self.map(&key, map, patterns, &mut shape)?;
        }
        self.array(key, map, &mut shape)?;
        number(map, &mut shape);
        Ok(Value::Object(shape))
    }

    fn reference(&self, key: &str, value: &Value) -> Result<Value> {
        let reference = value.as_str().unwrap_or_default();
        let name = reference
            .strip_prefix("#/$defs/")
            .or_else(|| reference.strip_prefix("#/definitions/"))
            .map(decoded);
        match name.as_deref() {
            Some(name) if (self.defined)(name) => Ok(definition(name).into()),
            Some(name) => Err(Problem::new(
                self.file,
                key,
                format!("the definition `{name}` is missing"),
            )
            .help(format!("add it under `$defs.{name}`"))),
            None if reference == "#" && self.root.is_some() => Ok(self.root.map(definition).into()),
            None => Err(Problem::new(
                self.file,
                key,
                format!("no type can be made of the reference `{reference}`"),
            )
            .help("move what it refers to below `$defs` of the same file, and refer to that")),
        }
    }

    fn named(&self, key: &str, value: &Value) -> Result<Value> {
        let Some(map) = value.as_object() else {
            return Err(Problem::new(self.file, key, "expected an object"));
        };
        let mut named = Map::new();
        for (name, schema) in map {
            named.insert(name.clone(), self.schema(&format!("{key}.{name}"), schema)?);
        }
        Ok(named.into())
    }

    fn several(&self, key: &str, value: &Value) -> Result<Value> {
        let Some(items) = value.as_array() else {
            return Err(Problem::new(self.file, key, "expected a list"));
        };
        let shapes = items.iter().enumerate();
        shapes
            .map(|(index, schema)| self.schema(&format!("{key}[{index}]"), schema))
            .collect()
    }

    /// Keys that follow a pattern are keys of a map.
    fn map(
        &self,
        key: &str,
        map: &Map<String, Value>,
        patterns: &Value,
        shape: &mut Map<String, Value>,
    ) -> Result<()> {
        let others = map
            .get("additionalProperties")
            .is_some_and(|others| *others != Value::Bool(false));
        let mut patterns = patterns.as_object().into_iter().flatten();
        match (patterns.next(), patterns.next()) {
            (None, _) => Ok(()),
            (Some((pattern, schema)), None) if !map.contains_key("properties") && !others => {
                let values = self.schema(&format!("{key}.{pattern}"), schema)?;
                shape.insert("additionalProperties".to_owned(), values);
                Ok(())
            }
            _ => Err(self.refuse(
                key,
                "no Rust type carries `patternProperties` beside other properties".to_owned(),
            )),
        }
    }

    /// The length of an array is part of its shape where there is one only.
    fn array(
        &self,
        key: &str,
        map: &Map<String, Value>,
        shape: &mut Map<String, Value>,
    ) -> Result<()> {
        let length = map
            .get("minItems")
            .filter(|least| map.get("maxItems") == Some(*least))
            .and_then(Value::as_u64);
        let tuple = shape.remove("prefixItems").or_else(|| {
            shape
                .get("items")
                .is_some_and(Value::is_array)
                .then(|| shape.remove("items"))?
        });
        if let Some(tuple) = tuple {
            let places = tuple.as_array().map_or(0, Vec::len);
            if length != Some(places as u64) {
                return Err(Problem::new(
                    self.file,
                    key,
                    format!("a tuple of {places} needs `minItems` and `maxItems` of {places}"),
                ));
            }
            // The spelling of older drafts, which is what typify reads.
            shape.insert("items".to_owned(), tuple);
        }
        // serde knows arrays of up to 32 items.
        if let Some(length) = length.filter(|length| *length <= 32) {
            shape.insert("minItems".to_owned(), length.into());
            shape.insert("maxItems".to_owned(), length.into());
        }
        Ok(())
    }
}

/// A name as it stands in a reference: a JSON Pointer in a URI (RFC 6901, section 6).
fn decoded(name: &str) -> String {
    let mut parts = name.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = |(digits, rest)| Some((u8::from_str_radix(digits, 16).ok()?, rest));
        let (byte, rest) = part
            .split_at_checked(2)
            .and_then(byte)
            .unwrap_or((b'%', part));
        bytes.push(byte);
        bytes.extend(rest.bytes());
    }
    let name = String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned());
    name.replace("~1", "/").replace("~0", "~")
}

/// The reference to a definition.
pub(super) fn definition(name: &str) -> String {
    format!("#/$defs/{name}")
}

/// The shape with all references to the definition `old` pointing to `new`.
pub(super) fn pointing(shape: &Value, old: &str, new: &str) -> Value {
    match shape {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let value = match value {
                    Value::String(to) if key == "$ref" && *to == definition(old) => {
                        definition(new).into()
                    }
                    other => pointing(other, old, new),
                };
                (key.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| pointing(item, old, new)).collect(),
        other => other.clone(),
    }
}

/// The format says which type a number is; the range, only whether it has a sign.
fn number(map: &Map<String, Value>, shape: &mut Map<String, Value>) {
    const INTEGERS: &[&str] = &[
        "int8", "int16", "int32", "int64", "int128", "int", "uint8", "uint16", "uint32", "uint64",
        "uint128", "uint",
    ];
    let is = |wanted: &str| match map.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    let given = map.get("format").and_then(Value::as_str);
    let format = if is("integer") {
        let least = map.get("minimum").and_then(Value::as_f64);
        let unsigned = least.is_some_and(|least| least >= 0.0);
        let default = if unsigned { "uint64" } else { "int64" };
        Some(
            given
                .filter(|format| INTEGERS.contains(format))
                .unwrap_or(default),
        )
    } else if is("number") {
        given.filter(|format| *format == "float")
    } else {
        // Addresses are types of the standard library.
        given.filter(|format| is("string") && ["ip", "ipv4", "ipv6"].contains(format))
    };
    if let Some(format) = format {
        shape.insert("format".to_owned(), format.into());
    }
}

/// The shape without what may differ between reading and writing one type: what must be there.
pub(super) fn loosened(shape: &Value) -> Value {
    match shape {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| {
                !(*key == "required" && value.is_array()
                    || *key == "default"
                    || *key == "description" && value.is_string())
            })
            .map(|(key, value)| (key.clone(), loosened(value)))
            .collect(),
        Value::Array(items) => items.iter().map(loosened).collect(),
        other => other.clone(),
    }
}
