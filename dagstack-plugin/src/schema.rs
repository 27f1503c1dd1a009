//! JSON Schemas: made from types by schemars, brought into the form MCP clients accept.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// A JSON Schema (2020-12) as a plain object.
pub type Schema = Map<String, Value>;

/// The schema of what `T` is read from.
pub fn input<T: JsonSchema + ?Sized>() -> Schema {
    object_root(generate::<T>(SchemaSettings::draft2020_12()))
}

/// The schema of what `T` is written as.
pub fn output<T: JsonSchema + ?Sized>() -> Schema {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generate<T: JsonSchema + ?Sized>(settings: SchemaSettings) -> Schema {
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = match Value::from(schema) {
        Value::Object(map) => map,
        // `true` and `false` are schemas too.
        Value::Bool(false) => Map::from_iter([("not".to_owned(), Value::Object(Map::new()))]),
        _ => Map::new(),
    };
    // The title would be the Rust type's name: an implementation detail of the plugin.
    schema.remove("title");
    schema
}

/// Clients want `type: object` and `properties` at the root of an input, also where it is empty.
fn object_root(mut schema: Schema) -> Schema {
    schema
        .entry("type")
        .or_insert_with(|| Value::from("object"));
    schema
        .entry("properties")
        .or_insert_with(|| Value::Object(Map::new()));
    schema
}

/// The schemas of one hook, in the form they have on the wire, and what calls need to know of them.
#[derive(Debug)]
pub struct HookSchemas {
    /// The arguments; the root is an object.
    pub input: Schema,
    /// The value, wrapped as `{"result": …}` where its root is no object.
    pub output: Schema,
    /// Whether the value is wrapped.
    pub wraps_result: bool,
    /// Whether `input` constrains more than the Rust types do (ranges, patterns, lengths).
    #[cfg_attr(not(feature = "validate"), allow(dead_code))]
    pub(crate) input_constrains: bool,
    #[cfg(feature = "validate")]
    pub(crate) input_validator: std::sync::OnceLock<crate::validate::Validator>,
}

impl HookSchemas {
    pub(crate) fn new(input: Schema, output: Schema) -> Self {
        let wraps_result = !is_object(&output);
        Self {
            input_constrains: constrains(&Value::Object(input.clone())),
            output: if wraps_result { wrap(output) } else { output },
            input,
            wraps_result,
            #[cfg(feature = "validate")]
            input_validator: std::sync::OnceLock::new(),
        }
    }
}

/// Whether every value of the schema is an object, as far as its root says.
fn is_object(schema: &Schema) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

/// MCP's structured content is an object; anything else travels under `result`.
fn wrap(mut inner: Schema) -> Schema {
    let mut outer = Map::new();
    if let Some(dialect) = inner.remove("$schema") {
        outer.insert("$schema".into(), dialect);
    }
    // `#/$defs/…` references are absolute, so the definitions move to the new root.
    let definitions = inner.remove("$defs");
    outer.insert("type".into(), "object".into());
    outer.insert(
        "properties".into(),
        Value::Object(Map::from_iter([(
            "result".to_owned(),
            Value::Object(inner),
        )])),
    );
    outer.insert("required".into(), Value::from(vec!["result"]));
    outer.insert("x-dagstack-wrap-result".into(), Value::Bool(true));
    if let Some(definitions) = definitions {
        outer.insert("$defs".into(), definitions);
    }
    outer
}

/// Keywords that a successful decode does not already imply.
const CONSTRAINTS: [&str; 17] = [
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
    "multipleOf",
    "not",
    "pattern",
    "uniqueItems",
    "contains",
    "propertyNames",
    "dependentRequired",
];

/// Whether a schema says more than the type it was made from. schemars gives integers their bounds
/// (`uint8` is 0 to 255), fixed arrays their length and `char` its length: decoding checks those.
fn constrains(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().any(constrains),
        Value::Object(map) => {
            let integer = map
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| format.trim_start_matches('u').strip_prefix("int").is_some());
            map.iter().any(|(key, value)| match key.as_str() {
                "minimum" | "maximum" if integer => !implied_bound(map, key),
                "minItems" | "maxItems" => map.get("minItems") != map.get("maxItems"),
                key if CONSTRAINTS.contains(&key) => true,
                // Data, not schemas.
                "default" | "examples" | "enum" | "const" | "required" => false,
                "properties" | "$defs" | "patternProperties" => value
                    .as_object()
                    .is_some_and(|members| members.values().any(constrains)),
                _ => constrains(value),
            })
        }
        _ => false,
    }
}

/// Whether a `minimum` or `maximum` is the one schemars gives the integer type itself.
fn implied_bound(schema: &Schema, key: &str) -> bool {
    let bound = schema.get(key);
    let (minimum, maximum): (i64, Option<i64>) = match schema.get("format").and_then(Value::as_str)
    {
        Some("uint8") => (0, Some(i64::from(u8::MAX))),
        Some("uint16") => (0, Some(i64::from(u16::MAX))),
        Some("int8") => (i64::from(i8::MIN), Some(i64::from(i8::MAX))),
        Some("int16") => (i64::from(i16::MIN), Some(i64::from(i16::MAX))),
        Some("uint" | "uint32" | "uint64" | "uint128") => (0, None),
        _ => return false,
    };
    match key {
        "minimum" => bound.and_then(Value::as_i64) == Some(minimum),
        _ => maximum.is_some() && bound.and_then(Value::as_i64) == maximum,
    }
}
