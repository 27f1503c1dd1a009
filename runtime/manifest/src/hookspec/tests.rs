//! What the golden files in `tests/hookspecs` do not show: odd texts, clashes, hooks without JSON.

use std::path::Path;

use dagstack_plugin_core::kind::{Capability, Dispatch, ErrorPolicy};
use serde_json::json;

use super::*;

fn schema(json: Value) -> Option<Schema> {
    json.as_object().cloned()
}

const HOOK: KindHook = KindHook {
    params: &["b", "a", "c"],
    input_schema: || {
        schema(json!({
            "type": "object",
            "properties": {
                "a": { "$ref": "#/$defs/Node" },
                "b": { "$ref": "#/properties/a" },
                "c": true,
            },
            "required": ["b", "a"],
            "$defs": { "Node": { "type": "integer" } },
        }))
    },
    output_schema: || {
        schema(json!({
            "type": "object",
            "properties": {
                "next": { "$ref": "#" }, "node": { "$ref": "#/$defs/Node" },
                "default": { "$ref": "#/$defs/Node" },
            },
            "default": { "$ref": "#" },
            "$defs": { "Node": { "type": "array", "items": { "$ref": "#/$defs/Node" } } },
        }))
    },
    ..KindHook::new("look", Dispatch::Singleton)
};

static SPEC: KindSpec = KindSpec {
    name: "looker",
    version: "12.3.4",
    description: Some("Looks \"\\\" \u{7f}\u{85}\u{2028}\u{feff}\n\tat: # things"),
    constraints: &["a", "b: c"],
    hooks: &[
        HOOK,
        KindHook {
            name: "glance",
            dispatch: Dispatch::Capability,
            mcp_exposed: false,
            params: &["path"],
            capability: Some((Capability::Extension, "path")),
            input_schema: || None,
            output_schema: || None,
            ..HOOK
        },
        KindHook {
            name: "gather",
            dispatch: Dispatch::BroadcastCollect,
            error_policy: ErrorPolicy::BestEffort,
            params: &["c", "b", "a"],
            ..HOOK
        },
    ],
};

fn file(name: &str) -> String {
    let mut files = Hookspec::new(&SPEC).to_files();
    files.remove(&Path::new("kinds/looker").join(name)).unwrap()
}

#[test]
fn a_kind_has_these_files() {
    let files = Hookspec::new(&SPEC).to_files();
    let names: Vec<_> = files.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "kinds/looker/schemas/gather.input.json",
            "kinds/looker/schemas/gather.output.json",
            "kinds/looker/schemas/look.input.json",
            "kinds/looker/schemas/look.output.json",
            "kinds/looker/v12.md",
            "kinds/looker/v12.openrpc.json",
            "kinds/looker/v12.yaml",
        ]
    );
}

#[test]
fn yaml_quotes_every_text_and_leaves_out_defaults() {
    let expected = r#"kind: "looker"
kind_api_version: "12.3.4"
description: "Looks \"\\\" \u007f\u0085\u2028\ufeff\n\tat: # things"
constraints: ["a", "b: c"]
hooks:
  - name: "look"
    dispatch: "singleton"
    input_schema: "schemas/look.input.json"
    output_schema: "schemas/look.output.json"
    mcp_exposed: true
    mcp_tool_name_template: "{kind}.{plugin}.{hook}"
  - name: "glance"
    dispatch: "capability"
    mcp_exposed: false
    mcp_tool_name_template: "{kind}.{plugin}.{hook}"
    capability: {"extension": "path"}
    params: ["path"]
  - name: "gather"
    dispatch: "broadcast_collect"
    error_policy: "best_effort"
    input_schema: "schemas/gather.input.json"
    output_schema: "schemas/gather.output.json"
    mcp_exposed: true
    mcp_tool_name_template: "{kind}.{plugin}.{hook}"
    params: ["c", "b", "a"]
"#;
    assert_eq!(file("v12.yaml"), expected);
}

#[test]
fn openrpc_references_follow_what_they_refer_to() {
    let document: Value = serde_json::from_str(&file("v12.openrpc.json")).unwrap();
    let methods = document["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 2, "without JSON there is no method");
    let [b, a, _] = methods[0]["params"].as_array().unwrap().as_slice() else {
        panic!("three parameters")
    };
    assert_eq!((&b["name"], &b["required"]), (&json!("b"), &json!(true)));
    assert_eq!(b["schema"]["$ref"], "#/methods/0/params/1/schema");
    assert_eq!(a["schema"]["$ref"], "#/components/schemas/Node");

    let result = &methods[0]["result"]["schema"];
    assert_eq!(
        result["properties"]["next"]["$ref"],
        "#/methods/0/result/schema"
    );
    assert_eq!(result["default"], json!({ "$ref": "#" }), "data stays");
    // The output's `Node` is another one than the input's.
    let node = "#/components/schemas/output.Node";
    assert_eq!(result["properties"]["node"]["$ref"], node);
    let named = &result["properties"]["default"];
    assert_eq!(named["$ref"], node, "a name, no keyword");
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["output.Node"]["items"]["$ref"], node);
    assert_eq!(schemas["Node"]["type"], "integer");

    let places = |value: &Value| {
        let names = value.as_array().unwrap().iter();
        names.map(|param| param["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(places(&methods[1]["params"]), ["c", "b", "a"]);
}

/// Behaviour 13: schemars percent-encodes names in references.
#[test]
fn b13_openrpc_references_to_encoded_names_are_no_dangling_ones() {
    static SPEC: KindSpec = KindSpec {
        hooks: &[KindHook {
            params: &["a b", "c"],
            input_schema: || {
                schema(json!({
                    "type": "object",
                    "properties": {
                        "a b": { "$ref": "#/$defs/Zug%C3%A4nge%20a~1b" },
                        "c": { "$ref": "#/properties/a%20b" },
                    },
                    "$defs": { "Zugänge a/b": { "type": "integer" } },
                }))
            },
            ..HOOK
        }],
        ..super::tests::SPEC
    };
    let document = Hookspec::new(&SPEC).to_files();
    let document: Value =
        serde_json::from_str(&document[Path::new("kinds/looker/v12.openrpc.json")]).unwrap();
    let reference = |place: usize| {
        let reference = document["methods"][0]["params"][place]["schema"]["$ref"].as_str();
        document.pointer(reference.unwrap().strip_prefix('#').unwrap())
    };
    assert_eq!(reference(0), Some(&json!({ "type": "integer" })));
    assert_eq!(
        reference(1),
        Some(&document["methods"][0]["params"][0]["schema"])
    );
}

#[test]
fn the_files_are_the_same_every_time() {
    let spec = Hookspec::new(&SPEC);
    assert_eq!(spec.to_files(), spec.to_files());
}
