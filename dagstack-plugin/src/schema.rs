//! JSON Schemas: made from types by schemars, brought into the form MCP clients accept.

mod constrains;
pub(crate) mod keywords;
mod optional;
mod published;
mod reference;
mod shape;

use std::sync::OnceLock;

pub(crate) use constrains::constrains;
use published::{Formats, publish};
pub(crate) use reference::{key, name_of, target};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
pub(crate) use shape::{Shape, Wanted};

/// A JSON Schema (2020-12) as a plain object.
pub type Schema = Map<String, Value>;

/// The schema of what `T` is read from, in the form in which it is published: sub-schemas are
/// objects, formats those of JSON Schema 2020-12, integers have bounds and arrays `items`.
///
/// ```
/// use dagstack_plugin::schema;
/// use dagstack_plugin::serde_json::{Value, json};
///
/// let pair = schema::input::<(u8, Value)>();
/// let small = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
/// assert_eq!(pair["prefixItems"], json!([small, {}]));
/// assert_eq!(pair["items"], json!({}));
/// ```
pub fn input<T: JsonSchema + ?Sized>() -> Schema {
    published_input(typed_input::<T>())
}

/// The schema of a hook's arguments of which some are flattened. Those forbid nothing by their type,
/// which takes what they want from the rest, so that it is closed here, unless one takes all the rest.
pub(crate) fn flattened<T: JsonSchema + ?Sized>() -> Schema {
    let mut schema = typed_input::<T>();
    // That of the flattened type: the hook has its own.
    schema.remove("description");
    let is_open = |keyword: &str| schema.contains_key(keyword);
    if !is_open("additionalProperties") && !is_open("unevaluatedProperties") {
        let parts = ["$ref", "allOf", "anyOf", "oneOf"];
        let keyword = match parts.iter().any(|part| schema.contains_key(*part)) {
            true => "unevaluatedProperties",
            false => "additionalProperties",
        };
        schema.insert(keyword.to_owned(), Value::Bool(false));
    }
    schema
}

/// The schema of what `T` is written as, in the form of [`input`].
pub fn output<T: JsonSchema + ?Sized>() -> Schema {
    let mut schema = typed_output::<T>();
    publish(&mut schema, Formats::Written);
    schema
}

/// The schema of what `T` is read from, with the formats that tell Rust's numbers apart: from it
/// follow the one that is published, what it constrains, and hookspecs.
pub(crate) fn typed_input<T: JsonSchema + ?Sized>() -> Schema {
    object_root(generate::<T>(SchemaSettings::draft2020_12()))
}

/// As [`typed_input`], of what `T` is written as.
pub(crate) fn typed_output<T: JsonSchema + ?Sized>() -> Schema {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The form in which a schema with the formats of Rust types is published.
pub(crate) fn published_input(mut typed: Schema) -> Schema {
    publish(&mut typed, Formats::Read);
    typed
}

fn generate<T: JsonSchema + ?Sized>(settings: SchemaSettings) -> Schema {
    let schema = settings.into_generator().into_root_schema_for::<T>();
    finish(Value::from(schema), &T::schema_name())
}

fn finish(schema: Value, type_name: &str) -> Schema {
    let mut schema = match schema {
        Value::Object(map) => map,
        // `true` and `false` are schemas too.
        Value::Bool(false) => Map::from_iter([("not".to_owned(), Value::Object(Map::new()))]),
        _ => Map::new(),
    };
    optional::tighten(&mut schema);
    publish(&mut schema, Formats::OfTypes);
    inline_root(&mut schema);
    // The Rust type's name is an implementation detail of the plugin; another title is its author's.
    if schema.get("title").is_some_and(|title| title == type_name) {
        schema.remove("title");
    }
    if crate::secrets::mentions_secrets(&schema) {
        schema = crate::secrets::mask_schema(&schema, false);
    }
    schema
}

/// Whether no value fits: `false`, or as that is published.
pub(crate) fn is_never(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.len() == 1 && map.get("not").is_some_and(is_any),
        other => other == &Value::Bool(false),
    }
}

/// Whether every value fits, by the looks of it.
fn is_any(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.is_empty(),
        other => other == &Value::Bool(true),
    }
}

/// A root that is only a reference (a newtype around a recursive type) is replaced by what it
/// refers to: clients look for `type` and `properties` at the root.
fn inline_root(schema: &mut Schema) {
    for _ in 0..8 {
        let Some(target) = target(schema, schema).cloned() else {
            return;
        };
        schema.remove("$ref");
        for (key, value) in target {
            schema.entry(key).or_insert(value);
        }
    }
}

/// Clients want `type: object` and `properties` at the root of an input, also where it is empty.
/// A root that cannot be an object stays as it is.
fn object_root(mut schema: Schema) -> Schema {
    let object = match schema.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(kind) => kind == "object",
    };
    if object {
        schema.insert("type".into(), Value::from("object"));
        schema
            .entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
    }
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
    input_shape: OnceLock<Shape>,
    #[cfg(feature = "validate")]
    pub(crate) input_validator: OnceLock<crate::validate::Validator>,
}

impl HookSchemas {
    /// Of the schemas of the types, or of those that a hookspec has.
    pub(crate) fn new(input: Schema, mut output: Schema) -> Self {
        publish(&mut output, Formats::Written);
        let wraps_result = !is_object(&output);
        Self {
            input_constrains: constrains(&input),
            output: if wraps_result { wrap(output) } else { output },
            input: published_input(input),
            wraps_result,
            input_shape: OnceLock::new(),
            #[cfg(feature = "validate")]
            input_validator: OnceLock::new(),
        }
    }

    /// What stands where in the arguments.
    #[inline]
    pub(crate) fn input_shape(&self) -> &Shape {
        self.input_shape.get_or_init(|| Shape::of(&self.input))
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
    move_references(&mut inner);
    let definitions = inner.remove("$defs");
    outer.insert("type".into(), "object".into());
    outer.insert(
        "properties".into(),
        Value::Object(Map::from_iter([("result".to_owned(), inner.into())])),
    );
    outer.insert("required".into(), Value::from(vec!["result"]));
    outer.insert(crate::wire::WRAP.into(), Value::Bool(true));
    if let Some(definitions) = definitions {
        outer.insert("$defs".into(), definitions);
    }
    outer
}

/// Where a wrapped schema stands.
const WRAPPED: &str = "#/properties/result";

/// References to the old root, or into it, follow it to its new place.
fn move_references(schema: &mut Schema) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        move_reference(reference);
    }
    keywords::each_mut(schema, |_, part| {
        if let Value::Object(part) = part {
            move_references(part);
        }
    });
}

fn move_reference(reference: &mut String) {
    let Some(rest) = reference.strip_prefix('#') else {
        return;
    };
    let local = rest.is_empty() || rest.starts_with('/');
    if local && !rest.starts_with("/$defs/") {
        *reference = format!("{WRAPPED}{rest}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Node {
        value: u8,
        children: Vec<Node>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Wrapper(Node);

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Tree {
        root: Node,
        shortcut: Option<Box<Tree>>,
    }

    fn without_dialect(mut schema: Schema) -> Value {
        schema.remove("$schema");
        Value::Object(schema)
    }

    fn wrapped<T: JsonSchema>() -> Option<Value> {
        let schemas = HookSchemas::new(input::<()>(), output::<T>());
        schemas.wraps_result.then(|| {
            assert_eq!(
                schemas.output.get("x-dagstack-wrap-result"),
                Some(&json!(true))
            );
            assert_eq!(schemas.output.get("required"), Some(&json!(["result"])));
            without_dialect(schemas.output)
        })
    }

    #[test]
    fn objects_and_maps_travel_as_they_are() {
        assert_eq!(wrapped::<Node>(), None);
        assert_eq!(wrapped::<BTreeMap<String, u8>>(), None);
        assert_eq!(wrapped::<Wrapper>(), None);
        assert!(wrapped::<Vec<u8>>().is_some());
        assert!(wrapped::<()>().is_some());
        assert!(wrapped::<Option<Node>>().is_some(), "null is no object");
        assert!(wrapped::<Value>().is_some(), "a value may be anything");
    }

    #[test]
    fn definitions_stay_reachable_when_a_schema_is_wrapped() {
        let wrapped = wrapped::<Vec<Node>>().unwrap();
        let result = &wrapped["properties"]["result"];
        assert_eq!(result["items"], json!({ "$ref": "#/$defs/Node" }));
        assert_eq!(result.get("$defs"), None);
        let children = &wrapped["$defs"]["Node"]["properties"]["children"];
        assert_eq!(children["items"], json!({ "$ref": "#/$defs/Node" }));
    }

    #[test]
    fn references_to_the_root_follow_it() {
        let recursive = json!({
            "type": "array",
            "items": { "$ref": "#" },
            "prefixItems": [{ "$ref": "#/items" }],
            "default": [{ "$ref": "#" }],
            "$defs": { "Other": {
                "anyOf": [{ "$ref": "#" }, { "$ref": "#/$defs/Other" }],
                "properties": { "default": { "$ref": "#" } },
            } },
        });
        let wrapped = Value::Object(wrap(finish(recursive, "")));
        let result = &wrapped["properties"]["result"];
        assert_eq!(result["items"]["$ref"], "#/properties/result");
        assert_eq!(
            result["prefixItems"][0]["$ref"],
            "#/properties/result/items"
        );
        assert_eq!(result["default"][0]["$ref"], "#", "data stays");
        let named = &wrapped["$defs"]["Other"]["properties"]["default"];
        assert_eq!(named["$ref"], "#/properties/result", "a name, no keyword");
        let other = &wrapped["$defs"]["Other"]["anyOf"];
        assert_eq!(other[0]["$ref"], "#/properties/result");
        assert_eq!(other[1]["$ref"], "#/$defs/Other");
    }

    #[test]
    fn a_root_that_is_a_reference_is_replaced_by_its_target() {
        let schema = without_dialect(finish(
            json!({
                "title": "Outer",
                "description": "outer",
                "$ref": "#/$defs/Node",
                "$defs": { "Node": {
                    "title": "Node",
                    "description": "inner",
                    "type": "object",
                    "properties": { "next": { "$ref": "#/$defs/Node" } },
                }},
            }),
            "Outer",
        ));
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["description"], "outer");
        assert_eq!(schema["properties"]["next"]["$ref"], "#/$defs/Node");
        assert_eq!(schema.get("$ref"), None);
        assert_eq!(schema.get("title"), None);
    }

    #[test]
    fn inputs_are_objects_with_properties() {
        for schema in [
            input::<crate::NoConfig>(),
            input::<Node>(),
            input::<Wrapper>(),
            input::<Tree>(),
            input::<BTreeMap<String, u8>>(),
            input::<Value>(),
            input::<Option<BTreeMap<String, u8>>>(),
        ] {
            assert_eq!(schema["type"], "object", "{schema:?}");
            assert!(schema["properties"].is_object(), "{schema:?}");
            assert_eq!(schema.get("title"), None);
        }
        // What cannot be an object is not made to look like one.
        assert_eq!(input::<Vec<u8>>().get("properties"), None);
    }
}
