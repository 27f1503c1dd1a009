use super::*;

fn made(schema: Value) -> Value {
    let Value::Object(schema) = schema else {
        panic!("no schema");
    };
    plain(&schema).into()
}

/// What becomes of the schema of one parameter.
fn param(schema: Value) -> Value {
    let made = made(json!({ "type": "object", "properties": { "it": schema } }));
    made["properties"]["it"].clone()
}

#[test]
fn references_are_inlined_and_what_stands_beside_them_wins() {
    let made = made(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Args",
        "type": "object",
        "x-own": 1,
        "properties": {
            "to": { "$ref": "#/$defs/Place", "description": "Where to." },
            "from": { "$ref": "#/$defs/Place" },
        },
        "required": ["to"],
        "additionalProperties": false,
        "$defs": { "Place": {
            "title": "Place", "description": "A place.", "type": "object",
            "properties": { "x": { "type": "integer", "default": 3, "minimum": 0 } },
        } },
    }));
    let place = |description: &str| {
        json!({
            "type": "object", "description": description,
            "properties": { "x": { "type": "integer", "default": 3, "minimum": 0 } },
        })
    };
    assert_eq!(
        made,
        json!({
            "type": "object",
            "properties": { "to": place("Where to."), "from": place("A place.") },
            "required": ["to"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn recursion_is_cut_where_it_begins_again() {
    let made = made(json!({
        "type": "object",
        "properties": { "root": { "$ref": "#/$defs/Node" }, "self": { "$ref": "#" } },
        "$defs": { "Node": {
            "type": "object",
            "properties": {
                "value": { "type": "string" },
                "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } },
            },
        } },
    }));
    let root = &made["properties"]["root"]["properties"];
    assert_eq!(root["value"], json!({ "type": "string" }));
    let again = json!({ "type": "object", "description": "Again a `Node`." });
    assert_eq!(root["children"], json!({ "type": "array", "items": again }));
    let inner = &made["properties"]["self"]["properties"]["self"];
    assert_eq!(
        inner,
        &json!({ "type": "object", "description": "Again as the whole." })
    );
}

#[test]
fn what_may_be_null_has_its_other_type() {
    let text = json!({ "type": "string" });
    assert_eq!(
        param(json!({ "type": ["string", "null"], "default": null })),
        text
    );
    for keyword in ["anyOf", "oneOf"] {
        let schema = json!({ keyword: [{ "type": "string" }, { "type": "null" }] });
        assert_eq!(param(schema), text);
    }
    assert_eq!(
        param(json!({ "enum": ["a", null] })),
        json!({ "type": "string", "enum": ["a"] })
    );
    assert_eq!(
        param(json!({ "type": "null" })),
        json!({ "description": "Always null." })
    );
}

#[test]
fn constants_are_an_enum_with_their_descriptions() {
    assert_eq!(
        param(json!({
            "description": "How.",
            "oneOf": [
                { "const": "fast", "description": "At once." },
                { "const": "slow", "type": "string", "description": "In time." },
                { "enum": ["x", "y"], "type": "string" },
            ],
        })),
        json!({
            "type": "string", "enum": ["fast", "slow", "x", "y"],
            "description": "How.\n\n`fast`: At once.\n`slow`: In time.",
        })
    );
    // Values that are no texts are told in words.
    assert_eq!(
        param(json!({ "enum": [4, 1, 2] })),
        json!({ "type": "integer", "minimum": 1, "maximum": 4, "description": "One of 4, 1, 2." })
    );
    assert_eq!(
        param(json!({ "const": true })),
        json!({ "type": "boolean", "description": "Always true." })
    );
}

#[test]
fn variants_that_are_objects_are_one_object() {
    let made = param(json!({ "oneOf": [
        {
            "type": "object", "description": "A round one.", "additionalProperties": false,
            "properties": { "kind": { "const": "circle" }, "size": { "type": "integer", "minimum": 1 } },
            "required": ["kind", "size"],
        },
        {
            "type": "object", "additionalProperties": false,
            "properties": { "kind": { "const": "square" }, "size": { "type": "number", "minimum": 0 } },
            "required": ["size", "kind"],
        },
        { "type": "object", "properties": { "kind": { "const": "none" } }, "required": ["kind"] },
    ] }));
    assert_eq!(
        made,
        json!({
            "type": "object",
            "description": "`kind` `circle` with `size`: A round one.\n`kind` `square` with `size`.",
            "properties": {
                "kind": { "type": "string", "enum": ["circle", "square", "none"] },
                "size": { "type": "number", "minimum": 0 },
            },
            "required": ["kind"],
        })
    );
}

#[test]
fn types_that_differ_stay_a_union() {
    assert_eq!(
        param(json!({ "anyOf": [
            { "type": "integer" }, { "type": "number" }, { "type": "null" },
            { "type": "array", "items": { "type": "string" } },
        ] })),
        json!({ "anyOf": [
            { "type": "number" }, { "type": "array", "items": { "type": "string" } },
        ] })
    );
    assert_eq!(
        param(json!({ "anyOf": [{ "type": "integer" }, {}] })),
        json!({})
    );
}

#[test]
fn parts_that_are_flattened_in_stand_together() {
    assert_eq!(
        made(json!({
            "type": "object",
            "properties": { "a": { "type": "string" } },
            "required": ["a"],
            "unevaluatedProperties": false,
            "allOf": [{ "$ref": "#/$defs/More" }],
            "oneOf": [
                { "type": "object", "properties": { "c": { "type": "null" } }, "required": ["c"] },
                { "type": "object", "properties": { "d": { "type": "integer" } }, "required": ["d"] },
            ],
            "$defs": { "More": {
                "type": "object",
                "properties": { "b": { "type": "boolean" } }, "required": ["b"],
            } },
        })),
        json!({
            "type": "object",
            "properties": {
                "a": { "type": "string" }, "b": { "type": "boolean" },
                "c": { "description": "Always null." }, "d": { "type": "integer" },
            },
            "required": ["a", "b"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn what_keywords_cannot_say_is_said_in_words() {
    assert_eq!(
        param(json!({
            "type": "integer", "exclusiveMinimum": 0, "maximum": 9, "multipleOf": 3,
            "description": "How many.", "examples": [3, 6],
        })),
        json!({
            "type": "integer", "minimum": 1, "maximum": 9,
            "description": "How many.\n\nFor example 3, 6.\nA multiple of 3.",
        })
    );
    assert_eq!(
        param(json!({ "type": "number", "exclusiveMaximum": 1.5 })),
        json!({ "type": "number", "maximum": 1.5, "description": "Less than 1.5." })
    );
    assert_eq!(
        param(json!({ "type": "string", "format": "uri", "minLength": 3, "pattern": "^h" })),
        json!({ "type": "string", "minLength": 3, "pattern": "^h", "description": "Format: `uri`." })
    );
    assert_eq!(
        param(json!({ "type": "string", "format": "date-time" })),
        json!({ "type": "string", "format": "date-time" })
    );
    assert_eq!(
        param(json!({ "type": "array", "uniqueItems": true })),
        json!({ "type": "array", "items": {}, "description": "Without duplicates." })
    );
}

#[test]
fn maps_keep_what_their_values_are() {
    let numbers = json!({ "type": "integer" });
    for schema in [
        json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
        json!({
            "type": "object", "additionalProperties": false,
            "patternProperties": { "^a": { "type": "integer" } },
        }),
    ] {
        let made = param(schema);
        assert_eq!(
            made,
            json!({ "type": "object", "additionalProperties": numbers })
        );
    }
}

/// Each level refers twice to the next.
#[test]
fn a_schema_that_doubles_at_every_level_ends() {
    let level = |n: usize| {
        let next = json!({ "$ref": format!("#/$defs/L{}", n + 1) });
        let level = json!({ "type": "object", "properties": { "a": next, "b": next } });
        (format!("L{n}"), level)
    };
    let mut levels: Map<String, Value> = (0..60).map(level).collect();
    levels.insert("L60".to_owned(), json!({ "type": "object" }));
    let schema = json!({ "type": "object", "$defs": levels, "properties": { "it": { "$ref": "#/$defs/L0" } } });
    let text = made(schema).to_string();
    assert!(text.contains("Again a `L"), "{text:.300}");
}

#[test]
fn arguments_are_an_object_with_properties() {
    for schema in [
        json!({}),
        json!({ "type": ["object", "null"] }),
        json!({ "anyOf": [{ "type": "object" }, { "type": "string" }] }),
        json!({ "$ref": "#/$defs/A", "$defs": { "A": { "type": "object" } } }),
    ] {
        assert_eq!(made(schema), json!({ "type": "object", "properties": {} }));
    }
}
