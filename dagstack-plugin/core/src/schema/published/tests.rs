//! Behaviours 1, 2 and 3: what clients refuse, at every place where a schema can stand.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::{NonZeroI8, NonZeroU16};

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::super::{HookSchemas, input, output, typed_input};
use super::*;

fn published(schema: Value) -> Value {
    let mut schema = schema.as_object().cloned().unwrap();
    publish(&mut schema, Formats::Read);
    let once = Value::Object(schema.clone());
    publish(&mut schema, Formats::Read);
    assert_eq!(Value::Object(schema), once, "a second time changes nothing");
    once
}

fn field<T: JsonSchema>() -> Value {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Field<T> {
        field: T,
    }
    input::<Field<T>>()["properties"]["field"].clone()
}

#[test]
fn b01_schemas_are_objects_wherever_they_stand() {
    for holder in [
        "additionalItems",
        "contains",
        "contentSchema",
        "else",
        "if",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
    ] {
        let schema = published(json!({ holder: true }));
        assert_eq!(schema[holder], json!({}), "{holder}");
        let schema = published(json!({ holder: false }));
        assert_eq!(schema[holder], json!({ "not": {} }), "{holder}");
    }
    for holder in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        let schema = published(json!({ holder: [true, false, { "items": true }] }));
        let expected = json!([{}, { "not": {} }, { "items": {} }]);
        assert_eq!(schema[holder], expected, "{holder}");
    }
    for holder in [
        "$defs",
        "definitions",
        "dependentSchemas",
        "patternProperties",
        "properties",
    ] {
        // Names of the author's, though they read like keywords.
        let schema = published(json!({ holder: {
            "default": true, "enum": false, "additionalProperties": false, "items": { "not": true },
        } }));
        let expected = json!({
            "default": {}, "enum": { "not": {} }, "additionalProperties": { "not": {} },
            "items": { "not": {} },
        });
        assert_eq!(schema[holder], expected, "{holder}");
    }
    for holder in ["additionalProperties", "unevaluatedProperties"] {
        assert_eq!(published(json!({ holder: true }))[holder], json!({}));
        assert_eq!(published(json!({ holder: false }))[holder], json!(false));
    }
    assert_eq!(published(json!({ "items": true }))["items"], json!({}));
    let never = published(json!({ "items": false }));
    assert_eq!(never["items"], json!({ "not": {} }));
}

#[test]
fn b01_values_are_no_schemas() {
    let data = json!({ "properties": { "a": true }, "items": [false], "format": "uint8" });
    for keyword in ["default", "const", "examples", "enum", "x-note"] {
        let schema = published(json!({ keyword: data.clone() }));
        assert_eq!(schema, json!({ keyword: data.clone() }), "{keyword}");
    }
}

#[test]
fn b01_values_of_any_type_are_described_by_objects() {
    /// Says what it is.
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Anything {
        /// Whatever you like.
        described: Value,
        plain: Value,
        list: Vec<Value>,
        map: BTreeMap<String, Value>,
        pair: (Value, u8),
        raw: Box<serde_json::value::RawValue>,
        optional: Option<Value>,
        #[serde(flatten)]
        rest: serde_json::Map<String, Value>,
    }
    let schema = input::<Anything>();
    let properties = &schema["properties"];
    let described = json!({ "description": "Whatever you like." });
    assert_eq!(properties["described"], described);
    for name in ["plain", "raw", "optional"] {
        assert_eq!(properties[name], json!({}), "{name}");
    }
    assert_eq!(properties["list"]["items"], json!({}));
    assert_eq!(properties["map"]["additionalProperties"], json!({}));
    assert_eq!(properties["pair"]["prefixItems"][0], json!({}));
    assert_eq!(properties["pair"]["items"], json!({}));
    assert_eq!(schema["additionalProperties"], json!({}));

    let schemas = HookSchemas::new(typed_input::<()>(), output::<Value>());
    assert_eq!(schemas.output["properties"]["result"], json!({}));
    assert_eq!(Value::Object(input::<Value>())["type"], "object");
}

#[test]
fn b01_a_hookspec_of_others_is_listed_in_the_published_form() {
    let foreign = json!({ "type": "object", "properties": { "box": true, "n": { "type": "integer", "format": "int32" } } });
    let foreign = foreign.as_object().unwrap();
    let schemas = HookSchemas::new(foreign.clone(), foreign.clone());
    for schema in [&schemas.input, &schemas.output] {
        assert_eq!(schema["properties"]["box"], json!({}));
        assert_eq!(schema["properties"]["n"].get("format"), None);
        assert_eq!(schema["properties"]["n"]["maximum"], json!(i32::MAX));
    }
}

#[test]
fn b02_integers_have_the_bounds_of_their_type_and_no_format() {
    macro_rules! bounds {
        ($($type:ty: $least:expr, $most:expr;)*) => {$(
            let expected = json!({ "type": "integer", "minimum": $least, "maximum": $most });
            assert_eq!(field::<$type>(), expected, stringify!($type));
            let listed = field::<Vec<$type>>();
            assert_eq!(listed["items"], expected, stringify!($type));
            let optional = field::<Option<$type>>();
            assert_eq!(optional["maximum"], json!($most), stringify!($type));
            assert_eq!(optional.get("format"), None, stringify!($type));
        )*};
    }
    bounds! {
        u8: 0, u8::MAX;
        u16: 0, u16::MAX;
        u32: 0, u32::MAX;
        u64: 0, u64::MAX;
        usize: 0, u64::MAX;
        i8: i8::MIN, i8::MAX;
        i16: i16::MIN, i16::MAX;
        i32: i32::MIN, i32::MAX;
        i64: i64::MIN, i64::MAX;
        isize: i64::MIN, i64::MAX;
        // What a JSON number can be here.
        u128: 0, u64::MAX;
        i128: i64::MIN, u64::MAX;
        NonZeroU16: 1, u16::MAX;
        std::num::NonZeroU64: 1, u64::MAX;
    }
    let expected =
        json!({ "type": "integer", "minimum": -128, "maximum": 127, "not": { "const": 0 } });
    assert_eq!(field::<NonZeroI8>(), expected);
    for number in [field::<f32>(), field::<f64>()] {
        assert_eq!(number, json!({ "type": "number" }));
    }
}

#[test]
fn b02_bounds_of_the_authors_win() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Bound {
        #[schemars(range(min = 1, max = 10))]
        both: u32,
        #[schemars(range(min = -5))]
        least: i64,
        #[schemars(extend("exclusiveMinimum" = 0))]
        open: i32,
    }
    let properties = input::<Bound>()["properties"].clone();
    let both = json!({ "type": "integer", "minimum": 1, "maximum": 10 });
    assert_eq!(properties["both"], both);
    let least = json!({ "type": "integer", "minimum": -5, "maximum": i64::MAX });
    assert_eq!(properties["least"], least);
    let open = json!({ "type": "integer", "exclusiveMinimum": 0, "maximum": i32::MAX });
    assert_eq!(properties["open"], open);
}

#[test]
fn b02_formats_are_those_of_json_schema_or_are_said_in_other_words() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Texts {
        ip: IpAddr,
        optional_ip: Option<IpAddr>,
        #[schemars(extend("format" = "date-time"))]
        at: String,
        /// The version.
        #[schemars(extend("format" = "semver"))]
        version: String,
        #[schemars(extend("format" = "int64"))]
        number_as_text: String,
        #[schemars(extend("format" = "partial-time"))]
        time: String,
        #[schemars(extend("format" = "duration"))]
        span: String,
    }
    let properties = input::<Texts>()["properties"].clone();
    let (v4, v6) = (
        json!({ "type": "string", "format": "ipv4" }),
        json!({ "type": "string", "format": "ipv6" }),
    );
    assert_eq!(
        properties["ip"],
        json!({ "type": "string", "anyOf": [v4, v6] })
    );
    assert_eq!(
        properties["optional_ip"],
        json!({ "type": ["string", "null"], "anyOf": [v4, v6, { "type": "null" }] })
    );
    assert_eq!(properties["at"]["format"], "date-time");
    assert_eq!(
        properties["version"],
        json!({ "type": "string", "description": "The version.\n\nFormat: `semver`." })
    );
    assert_eq!(properties["number_as_text"].get("format"), None);
    assert_eq!(
        properties["time"],
        json!({ "type": "string", "examples": ["12:00:00"] })
    );
    assert_eq!(properties["span"]["format"], "duration");
    // jiff writes signs and fractions, which clients that check results refuse.
    let written = output::<Texts>()["properties"].clone();
    assert_eq!(
        written["span"],
        json!({ "type": "string", "examples": ["PT1H30M"] })
    );
    assert_eq!(written["at"]["format"], "date-time");
}

#[test]
fn b02_hookspecs_keep_what_tells_the_types_of_numbers_apart() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Numbers {
        small: u8,
        ratio: f32,
        any: Value,
    }
    let properties = typed_input::<Numbers>()["properties"].clone();
    assert_eq!(properties["small"]["format"], "uint8");
    assert_eq!(properties["ratio"]["format"], "float");
    assert_eq!(properties["any"], json!({}));
}

#[test]
fn b03_arrays_have_items_and_tuples_too() {
    let integer = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
    let text = json!({ "type": "string" });
    let either = json!({ "anyOf": [integer, text] });
    assert_eq!(field::<(u8, String)>()["items"], either);
    assert_eq!(field::<(u8, String, u8)>()["items"], either);
    assert_eq!(field::<(u8, u8)>()["items"], integer);
    assert_eq!(field::<(u8,)>()["items"], integer);
    assert_eq!(field::<Option<(u8, String)>>()["items"], either);
    assert_eq!(field::<Vec<(u8, String)>>()["items"]["items"], either);
    assert_eq!(field::<[u8; 0]>()["items"], json!({}));

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Shape {
        Point(
            /// Across.
            u8,
            /// Down.
            u8,
        ),
        Named(String, Box<Shape>),
    }
    let variants = input::<Shape>()["oneOf"].clone();
    let point = &variants[0]["properties"]["Point"];
    assert_eq!(point["prefixItems"][0]["description"], "Across.");
    assert_eq!(point["items"], integer, "without the words of a place");
    let named = &variants[1]["properties"]["Named"]["items"];
    assert_eq!(named, &json!({ "anyOf": [text, { "$ref": "#" }] }));
}

#[test]
fn b03_tuples_in_tuples_do_not_double_at_each_level() {
    let nested = |levels: usize| {
        (0..levels).fold(json!({ "type": "integer" }), |inner, _| {
            json!({ "type": "array", "prefixItems": [inner, { "type": "string" }], "maxItems": 2 })
        })
    };
    let size = |levels| published(nested(levels)).to_string().len();
    let (small, large) = (size(4), size(16));
    assert!(large < 5 * small, "{small} {large}");
    let two = published(nested(2));
    let (integer, text) = (json!({ "type": "integer" }), json!({ "type": "string" }));
    let inner = json!({ "type": "array", "items": {} });
    assert_eq!(two["items"], json!({ "anyOf": [inner, text] }));
    let items = &two["prefixItems"][0]["items"];
    assert_eq!(items, &json!({ "anyOf": [integer, text] }));
}

#[test]
fn b03_items_say_nothing_new() {
    for (given, items) in [
        (json!({ "type": "array" }), json!({})),
        (json!({ "type": ["array", "null"] }), json!({})),
        // More may follow.
        (
            json!({ "prefixItems": [{ "type": "string" }], "minItems": 1 }),
            json!({}),
        ),
        (
            json!({ "prefixItems": [{ "type": "string" }], "items": { "type": "null" } }),
            json!({ "type": "null" }),
        ),
    ] {
        let schema = published(given.clone());
        assert_eq!(schema["items"], items, "{given}");
        assert_eq!(schema.get("maxItems"), None, "{given}");
    }
    let closed = published(json!({ "prefixItems": [{ "type": "string" }], "items": false }));
    assert_eq!(closed["items"], json!({ "type": "string" }));
    assert_eq!(closed["maxItems"], 1);
    for open in [
        json!({ "type": "array", "unevaluatedItems": { "type": "string" } }),
        json!({ "type": "string" }),
        json!({ "minItems": 1 }),
    ] {
        assert_eq!(published(open.clone()).get("items"), None, "{open}");
    }
}

#[test]
fn a_title_is_the_authors_or_none() {
    #[derive(JsonSchema)]
    #[schemars(title = "Where it is")]
    #[allow(dead_code)]
    struct Titled {
        x: u8,
    }
    assert_eq!(output::<Titled>()["title"], "Where it is");
    assert_eq!(output::<NonZeroI8>().get("title"), None);
}
