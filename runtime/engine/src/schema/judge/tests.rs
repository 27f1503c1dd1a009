//! What the judge says, keyword by keyword. `tests/tests/sweep` compares it with jsonschema.

use serde_json::json;

use super::*;

fn judge(schema: &Value) -> Judge {
    Judge::new(schema.as_object().unwrap()).unwrap()
}

/// Values that fit the schema, and values that do not.
fn verdicts<const N: usize, const M: usize>(schema: Value, fits: [Value; N], not: [Value; M]) {
    let judge = judge(&schema);
    for value in fits {
        assert!(judge.fits(&value), "{value} by {schema}");
    }
    for value in not {
        assert!(!judge.fits(&value), "{value} by {schema}");
    }
}

#[test]
fn values_are_of_their_types() {
    verdicts(
        json!({ "type": "integer" }),
        [json!(1), json!(-1.0), json!(u64::MAX), json!(1e300)],
        [json!(1.5), json!("1"), json!(null)],
    );
    verdicts(
        json!({ "type": ["number", "null"] }),
        [json!(1), json!(1.5), json!(null)],
        [json!(true), json!([])],
    );
    verdicts(
        json!({ "enum": [1, "a", { "k": [2.0] }] }),
        [json!(1.0), json!("a"), json!({ "k": [2] })],
        [json!(2), json!("A"), json!({ "k": [2], "l": 0 })],
    );
    verdicts(
        json!({ "const": null }),
        [json!(null)],
        [json!(0), json!({})],
    );
}

#[test]
fn bounds_are_exact_at_the_limits_of_64_bits() {
    verdicts(
        json!({ "minimum": i64::MIN, "maximum": u64::MAX }),
        [json!(u64::MAX), json!(i64::MIN), json!("no number")],
        [json!(18_446_744_073_709_551_616.0), json!(-1e19)],
    );
    verdicts(
        json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1.5 }),
        [json!(1), json!(5e-324), json!(1.0)],
        [json!(0), json!(-0.0), json!(1.5)],
    );
    verdicts(
        json!({ "multipleOf": 0.1 }),
        [json!(0.3), json!(7)],
        [json!(0.35)],
    );
}

#[test]
fn lengths_count_characters() {
    verdicts(
        json!({ "minLength": 2, "maxLength": 3.0 }),
        [json!("éé"), json!("👩‍🚀"), json!(1), json!([])],
        [json!("a"), json!("😀"), json!("abcd")],
    );
}

#[test]
fn items_have_their_places() {
    verdicts(
        json!({ "prefixItems": [{ "type": "string" }, true], "items": { "type": "integer" }, "minItems": 1 }),
        [json!(["a"]), json!(["a", null, 1]), json!({})],
        [json!([]), json!([1]), json!(["a", null, "b"])],
    );
    verdicts(
        json!({ "uniqueItems": true }),
        [json!([1, "1", [1], { "a": 1 }, true]), json!([0, false])],
        [
            json!([1, 2, 1.0]),
            json!([{ "a": [1] }, { "a": [1.0] }]),
            json!([0, -0.0]),
        ],
    );
    verdicts(
        json!({ "contains": { "const": 1 }, "minContains": 2, "maxContains": 2 }),
        [json!([1, 0, 1])],
        [json!([1]), json!([1, 1, 1])],
    );
    verdicts(
        json!({ "prefixItems": [true], "contains": { "const": 1 }, "unevaluatedItems": false }),
        [json!([0, 1]), json!([1])],
        [json!([1, 0]), json!([0])],
    );
}

#[test]
fn members_have_their_names() {
    verdicts(
        json!({
            "properties": { "a": { "type": "integer" } },
            "patternProperties": { r"^\d+$": { "type": "string" } },
            "additionalProperties": false,
            "required": ["a"],
            "maxProperties": 2,
        }),
        [json!({ "a": 1 }), json!({ "a": 1, "17": "x" }), json!([])],
        [
            json!({}),
            json!({ "a": "1" }),
            json!({ "a": 1, "17": 1 }),
            json!({ "a": 1, "b": 1 }),
            json!({ "a": 1, "1": "", "2": "" }),
        ],
    );
    verdicts(
        json!({
            "propertyNames": { "pattern": "^[a-c]$" },
            "dependentRequired": { "a": ["b"] },
            "dependentSchemas": { "c": { "minProperties": 2 } },
        }),
        [
            json!({}),
            json!({ "a": 1, "b": 1 }),
            json!({ "b": 1, "c": 1 }),
        ],
        [json!({ "d": 1 }), json!({ "a": 1 }), json!({ "c": 1 })],
    );
}

#[test]
fn of_flattened_types_the_rest_is_what_no_fitting_part_knows() {
    let schema = json!({
        "properties": { "id": {} },
        "oneOf": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/B" }],
        "allOf": [{ "if": { "required": ["id"] }, "then": { "properties": { "x": {} } } }],
        "unevaluatedProperties": false,
        "$defs": {
            "A": { "properties": { "t": { "const": "a" }, "n": {} }, "required": ["t"] },
            "B": { "properties": { "t": { "const": "b" }, "m": {} }, "required": ["t"] },
        },
    });
    verdicts(
        schema,
        [
            json!({ "t": "a", "n": 1 }),
            json!({ "t": "b", "m": 1, "id": 1, "x": 1 }),
        ],
        [
            json!({ "t": "a", "m": 1 }),
            json!({ "t": "b", "x": 1 }),
            json!({ "id": 1 }),
        ],
    );
    // What a part beside it knows, it does not.
    verdicts(
        json!({ "properties": { "a": {} }, "allOf": [{ "unevaluatedProperties": false }] }),
        [json!({})],
        [json!({ "a": 1 })],
    );
}

#[test]
fn alternatives_and_conditions_are_tried() {
    let small = json!({ "maximum": 5 });
    let even = json!({ "multipleOf": 2 });
    verdicts(
        json!({ "anyOf": [small, even] }),
        [json!(4), json!(3), json!(8)],
        [json!(7)],
    );
    verdicts(
        json!({ "oneOf": [small, even] }),
        [json!(3), json!(8)],
        [json!(4), json!(7)],
    );
    verdicts(
        json!({ "allOf": [small, even] }),
        [json!(4)],
        [json!(3), json!(8)],
    );
    verdicts(json!({ "not": small }), [json!(6)], [json!(5), json!("a")]);
    verdicts(
        json!({ "if": small, "then": even, "else": { "const": 7 } }),
        [json!(4), json!(7)],
        [json!(3), json!(8)],
    );
    verdicts(
        json!({ "then": false, "properties": { "a": false } }),
        [json!(1)],
        [json!({ "a": 1 })],
    );
}

#[test]
fn references_are_decoded_and_may_lead_back() {
    verdicts(
        json!({
            "$ref": "#/$defs/Zug%C3%A4nge~1%7E0",
            "$defs": {
                "Zugänge/~": { "items": { "$ref": "#" }, "type": ["array", "string"], "maxItems": 2 },
                "unused": { "type": 5 },
            },
        }),
        [json!([]), json!([["a", []], "b"])],
        [json!(1), json!([[1]]), json!([[[], [], []]])],
    );
    // A schema that leads to itself for the same value says nothing by that.
    verdicts(
        json!({ "allOf": [{ "$ref": "#" }], "type": "string" }),
        [json!("a")],
        [json!(1)],
    );
}

#[test]
fn alternatives_of_a_recursive_type_are_tried_once_for_each_value() {
    let form = |name: &str| json!({ "properties": { "next": { "$ref": "#" }, (name): true }, "unevaluatedProperties": false });
    let schema = judge(&json!({ "oneOf": [form("a"), form("b"), form("c")] }));
    let mut value = json!({ "a": 1 });
    for _ in 0..100 {
        value = json!({ "next": value, "b": 1 });
    }
    assert!(schema.fits(&value));
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    for (schema, word) in [
        (json!({ "type": "text" }), "`type`"),
        (json!({ "minimum": "1" }), "`minimum`"),
        (json!({ "minLength": -1 }), "`minLength`"),
        (json!({ "multipleOf": 0 }), "`multipleOf`"),
        (json!({ "items": [true] }), "no schema"),
        (json!({ "$ref": "#/$defs/x" }), "`#/$defs/x`"),
        (json!({ "$ref": "other.json" }), "`other.json`"),
        (json!({ "not": { "$dynamicRef": "#x" } }), "`json-schema`"),
        (
            json!({ "not": { "$id": "x", "items": { "$ref": "#" } } }),
            "`json-schema`",
        ),
        (
            json!({ "not": { "$id": "x", "$ref": "#" } }),
            "`json-schema`",
        ),
        (json!({ "pattern": "(?=a)" }), "`json-schema`"),
    ] {
        let error = Judge::new(schema.as_object().unwrap()).unwrap_err();
        assert!(error.contains(word), "{schema}: {error}");
    }
    // Keywords that nobody knows, and formats, are annotations.
    verdicts(
        json!({ "$id": "x", "x-own": 1, "nullable": 5, "format": "date" }),
        [json!("no date")],
        [],
    );
    // Nothing inside refers, and so nothing refers to another whole.
    verdicts(
        json!({ "properties": { "a": { "$id": "x", "type": "string" } } }),
        [json!({ "a": "text" })],
        [json!({ "a": 1 })],
    );
}
