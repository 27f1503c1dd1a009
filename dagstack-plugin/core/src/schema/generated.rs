//! The schemas of Rust types: made by schemars, finished here.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::closed::close;
use super::keywords::Schema;
use super::optional;
use super::published::{Formats, publish};
use super::reference::target;
use crate::args::Param;

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

/// The schema of a config. Keys that are refused are forbidden, as far as the type says which those
/// are.
pub(crate) fn config<T: DeserializeOwned + JsonSchema>() -> Schema {
    let mut schema = input::<T>();
    close::<T>(&mut schema);
    schema
}

/// The schema of the arguments of a hook, put together from those of its parameters.
pub(crate) fn of_params(params: &[Param]) -> Schema {
    let settings = SchemaSettings::draft2020_12();
    let dialect = settings.meta_schema.clone();
    let mut generator = settings.into_generator();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for param in params {
        let Some(property) = param.property else {
            continue;
        };
        let mut object = property(&mut generator);
        let only = object.get_mut("properties").and_then(Value::as_object_mut);
        let only = only.and_then(|only| only.values_mut().next());
        let value = only.map(Value::take);
        let value = value.and_then(|value| schemars::Schema::try_from(value).ok());
        let mut value = value.unwrap_or_default();
        let (title, description) = title_and_description(param.doc);
        for (keyword, text) in [("title", title), ("description", description)] {
            if !text.is_empty() {
                value.insert(keyword.to_owned(), text.into());
            }
        }
        properties.insert(param.name.to_owned(), value.into());
        if object.get("required").is_some() {
            required.push(param.name);
        }
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    for (keyword, value) in [
        ("$schema", dialect.map(|it| Value::from(&*it))),
        ("properties", Some(properties.into())),
        ("required", (!required.is_empty()).then(|| required.into())),
    ] {
        if let Some(value) = value {
            schema[keyword] = value;
        }
    }
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    finish(schema, "")
}

/// A doc comment as schemars reads it: a heading at its beginning is a title.
fn title_and_description(doc: &str) -> (&str, &str) {
    let doc = doc.trim_ascii();
    if !doc.starts_with('#') {
        return ("", doc);
    }
    let (title, rest) = doc.split_once('\n').unwrap_or((doc, ""));
    let title = title.trim_start_matches('#');
    (title.trim_ascii(), rest.trim_ascii())
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
pub fn typed_input<T: JsonSchema + ?Sized>() -> Schema {
    object_root(generate::<T>(SchemaSettings::draft2020_12()))
}

/// As [`typed_input`], of what `T` is written as.
pub(crate) fn typed_output<T: JsonSchema + ?Sized>() -> Schema {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The form in which a schema with the formats of Rust types is published.
pub fn published_input(mut typed: Schema) -> Schema {
    publish(&mut typed, Formats::Read);
    typed
}

fn generate<T: JsonSchema + ?Sized>(settings: SchemaSettings) -> Schema {
    let schema = settings.into_generator().into_root_schema_for::<T>();
    finish(Value::from(schema), &T::schema_name())
}

pub(super) fn finish(schema: Value, type_name: &str) -> Schema {
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
    crate::secrets::without_marked(schema)
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
