//! [`HookSchemas`]: the schemas of one hook.

use std::any::Any;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::generated::published_input;
use super::keywords::{self, Schema};
use super::published::{Formats, publish};

/// Marks an output schema whose value is wrapped as `{"result": …}`.
pub const WRAP: &str = "x-dagstack-wrap-result";

/// Marks, at its root, the schema of results that are MCP's content blocks: for a model or a person,
/// and no data for a program.
pub const CONTENT: &str = "x-dagstack-content";

/// The schemas of one hook, in the form they have on the wire.
#[derive(Debug)]
pub struct HookSchemas {
    /// The arguments; the root is an object.
    pub input: Schema,
    /// The value, wrapped as `{"result": …}` where its root is no object.
    pub output: Schema,
    /// Whether the value is wrapped.
    pub wraps_result: bool,
    /// Whether the value is an array of content blocks, by the mark at its schema's root. One that stands inside another
    /// type is data like any other.
    pub is_content: bool,
    /// What the engine knows of them, filled when it first calls the hook.
    #[doc(hidden)]
    pub of_engine: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl HookSchemas {
    /// Of the schemas of the types, or of those that a hookspec has.
    pub(crate) fn new(input: Schema, mut output: Schema) -> Self {
        publish(&mut output, Formats::Written);
        let wraps_result = !is_object(&output);
        let is_content = output.get(CONTENT) == Some(&Value::Bool(true));
        Self {
            output: if wraps_result { wrap(output) } else { output },
            input: published_input(input),
            wraps_result,
            is_content,
            of_engine: OnceLock::new(),
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
    move_references(&mut inner);
    let definitions = inner.remove("$defs");
    outer.insert("type".into(), "object".into());
    outer.insert(
        "properties".into(),
        Value::Object(Map::from_iter([("result".to_owned(), inner.into())])),
    );
    outer.insert("required".into(), Value::from(vec!["result"]));
    outer.insert(WRAP.into(), Value::Bool(true));
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

    use schemars::JsonSchema;
    use serde_json::json;

    use super::super::generated::finish;
    use super::super::{input, output};
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
}
