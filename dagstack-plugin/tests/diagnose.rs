//! Arguments and configs that do not fit: what the errors say.

#![allow(dead_code, clippy::expect_used)] // Fields are there to be decoded; helpers of tests.

mod decode_support;

use std::collections::{BTreeMap, HashSet};

use dagstack_plugin::resources::Bytes;
use dagstack_plugin::{NoConfig, Secret};
use decode_support::{call, call_error, call_text, config_error, configure};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
struct Chunk {
    text: String,
    #[serde(default)]
    max_size: Option<u8>,
    #[serde(default)]
    mode: Mode,
}

#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Sentence,
    Word,
}

#[test]
fn every_mistake_is_told_at_once() {
    assert_eq!(
        call_error::<Chunk>(json!({ "max_size": 300, "mode": "sentense", "txt": 1 })),
        r#"invalid arguments for `chunk`
  `chunker.fixed.chunk.text`: missing; expected text
  `chunker.fixed.chunk.max_size`: found 300; expected an integer from 0 to 255 or null
  `chunker.fixed.chunk.mode`: found the text "sentense" (did you mean `sentence`?); expected one of `sentence`, `word`
  `chunker.fixed.chunk.txt`: unknown key (did you mean `text`?); expected one of `max_size`, `mode`, `text`"#
    );
    let error = call::<Chunk>(&json!({ "text": 1 })).unwrap_err();
    assert_eq!(
        error.get_details().unwrap(),
        &json!({ "hook": "chunk", "errors": [{
            "path": "chunker.fixed.chunk.text",
            "problem": "found 1",
            "expected": "text",
        }]})
    );
}

#[test]
fn arguments_that_are_no_object_are_told_so() {
    assert_eq!(
        call_error::<Chunk>(json!(["abc", 5, "word"])),
        "invalid arguments for `chunk`\n  `chunker.fixed.chunk`: the arguments are not an object: found an array of 3 items; expected an object"
    );
    assert!(call_error::<Chunk>(json!(null)).contains("not an object: found null"));
    assert!(call_error::<Chunk>(json!("{}")).contains("not an object: found the text"));
}

#[test]
fn text_that_is_no_json_is_told_so() {
    let error = |text| call_text::<Chunk>(text).unwrap_err().to_string();
    assert!(error(r#"{"text": "a""#).contains("the arguments are no valid JSON: EOF"));
    assert!(error(r#"{"text": "a"} x"#).contains("the arguments are no valid JSON: trailing"));
    // Each value on its own is fine here.
    assert!(error(r#"{"text": "a", "text": "b"}"#).contains("duplicate field `text`"));
}

#[test]
fn a_hook_without_parameters_says_so() {
    assert_eq!(
        call_error::<NoConfig>(json!({ "text": "a" })),
        "invalid arguments for `chunk`\n  `chunker.fixed.chunk.text`: unknown key: the hook takes no arguments"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deep {
    items: Vec<Item>,
    #[serde(default)]
    table: BTreeMap<String, Vec<u16>>,
    #[serde(default)]
    origin: Option<Point>,
    #[serde(default)]
    pair: Option<(u8, String)>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Item {
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Point {
    x: f64,
    y: f64,
}

#[test]
fn paths_lead_through_arrays_maps_options_and_references() {
    let error = call_error::<Deep>(json!({
        "items": [{ "name": "a" }, { "name": 2 }, {}],
        "table": { "a b": [1, -2], "c": 3 },
        "origin": { "x": "left", "y": 0 },
        "pair": [1],
    }));
    assert_eq!(
        error,
        r#"invalid arguments for `chunk`
  `chunker.fixed.chunk.items[1].name`: found 2; expected text
  `chunker.fixed.chunk.items[2].name`: missing; expected text
  `chunker.fixed.chunk.origin.x`: found the text "left"; expected a number
  `chunker.fixed.chunk.pair`: found an array of 1 item; expected an array of exactly 2 items: an integer from 0 to 255, then text or null
  `chunker.fixed.chunk.table["a b"][1]`: found -2; expected an integer from 0 to 65535
  `chunker.fixed.chunk.table.c`: found 3; expected an array, each item an integer from 0 to 65535"#
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Shapes {
    #[serde(default)]
    tagged: Option<Tagged>,
    #[serde(default)]
    named: Option<Named>,
    #[serde(default)]
    either: Option<Either>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged {
    Circle { radius: u32 },
    Square { side: u32, filled: bool },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Named {
    Nothing,
    Circle { radius: u32 },
    Square(u32),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Name(String),
    Full { name: String, size: u32 },
}

#[test]
fn enums_report_the_variant_that_was_meant() {
    let line = |value: Value| {
        let error = call_error::<Shapes>(value);
        let lines: Vec<&str> = error.lines().skip(1).map(str::trim).collect();
        lines.join("\n").replace("chunker.fixed.chunk.", "")
    };
    assert_eq!(
        line(json!({ "tagged": { "type": "square", "side": "x" } })),
        "`tagged.filled`: missing; expected true or false\n`tagged.side`: found the text \"x\"; expected an integer from 0 to 4294967295"
    );
    assert_eq!(
        line(json!({ "tagged": { "type": "cirle", "radius": 1 } })),
        "`tagged.type`: found the text \"cirle\" (did you mean `circle`?); expected one of `circle`, `square`"
    );
    assert_eq!(
        line(json!({ "tagged": { "radius": 1 } })),
        "`tagged.type`: missing; expected one of `circle`, `square`"
    );
    assert_eq!(
        line(json!({ "named": { "circle": { "radius": -1 } } })),
        "`named.circle.radius`: found -1; expected an integer from 0 to 4294967295"
    );
    assert_eq!(
        line(json!({ "named": { "cirkle": 1 } })),
        "`named.cirkle`: unknown variant (did you mean `circle`?); expected one of `circle`, `square`"
    );
    assert_eq!(
        line(json!({ "named": "nothin" })),
        "`named`: found the text \"nothin\" (did you mean `nothing`?); expected `nothing` or an object with `circle` or an object with `square` or null"
    );
    assert_eq!(
        line(json!({ "either": { "name": "a" } })),
        "`either.size`: missing; expected an integer from 0 to 4294967295"
    );
    assert_eq!(
        line(json!({ "either": 5 })),
        "`either`: found 5; expected text or an object with `name`, `size` or null"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Custom {
    #[schemars(with = "String")]
    address: std::net::Ipv4Addr,
    wait: Wait,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32")]
struct Wait(u32);

impl TryFrom<u32> for Wait {
    type Error = &'static str;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        if seconds > 60 {
            Err("more than a minute")
        } else {
            Ok(Self(seconds))
        }
    }
}

#[test]
fn what_the_schema_does_not_know_is_told_by_serde_at_its_path() {
    let error = call_error::<Custom>(json!({ "address": "1.2.3.4", "wait": 61 }));
    assert!(
        error.contains("`chunker.fixed.chunk.wait`: more than a minute"),
        "{error}"
    );
    let error = call_error::<Custom>(json!({ "address": "1.2.3.400", "wait": 1 }));
    assert!(
        error.contains("`chunker.fixed.chunk.address`: invalid IPv4"),
        "{error}"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Renamed {
    #[serde(alias = "old_name")]
    new_name: String,
    size: u32,
    #[serde(default)]
    nested: Vec<Renamed>,
}

#[test]
fn aliases_are_no_unknown_keys() {
    assert!(configure::<Renamed>(json!({ "old_name": "a", "size": 1 })).is_ok());
    assert_eq!(
        config_error::<Renamed>(
            json!({ "old_name": "a", "size": "1", "nested": [{ "old_name": "b", "size": 1, "x": 1 }] })
        ),
        r#"invalid config for `chunker.fixed`
  `chunker.fixed.size`: found the text "1"; expected an integer from 0 to 4294967295
  `chunker.fixed.nested[0].x`: unknown key; expected one of `nested`, `new_name`, `size`"#
    );
}

#[test]
fn an_alias_of_any_value_is_no_unknown_key() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Outer {
        one: Any,
        two: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Any {
        #[serde(alias = "meta")]
        metadata: Value,
    }
    let given = |two: Value| json!({ "one": { "meta": { "a": [1] } }, "two": two });
    assert!(configure::<Outer>(given(json!(1))).is_ok());
    let config = config_error::<Outer>(given(json!("1")));
    for error in [config, call_error::<Outer>(given(json!("1")))] {
        assert_eq!(error.lines().count(), 2, "{error}");
        assert!(error.contains("two`: found the text"), "{error}");
    }
}

/// Each time that something else is wrong.
#[test]
fn aliases_of_arguments_are_no_mistakes() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Open {
        one: Renamed,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Outer {
        one: Closed,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        #[serde(alias = "old_name")]
        new_name: String,
        size: u32,
    }
    let one = |inner: Value| json!({ "one": inner });
    let only = |inner: Value, problem: &str| {
        let expected =
            format!("invalid arguments for `chunk`\n  `chunker.fixed.chunk.one.{problem}");
        let arguments = one(inner);
        assert_eq!(
            call_error::<Open>(arguments.clone()),
            expected,
            "{arguments}"
        );
        assert_eq!(
            call_error::<Outer>(arguments.clone()),
            expected,
            "{arguments}"
        );
    };
    let size = "size`: found the text \"1\"; expected an integer from 0 to 4294967295";
    only(json!({ "old_name": "a", "size": "1" }), size);
    let missing = "size`: missing; expected an integer from 0 to 4294967295";
    only(json!({ "old_name": "a" }), missing);
    only(json!({ "size": 1 }), "new_name`: missing; expected text");
    let error = call_error::<Outer>(one(json!({ "old_name": "a", "size": 1, "x": 1 })));
    assert!(error.contains("one.x`: unknown key"), "{error}");
}

/// What the type takes no notice of stands for nothing, and what it reads is no unknown key.
#[test]
fn a_stray_key_is_no_alias() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args {
        one: Open,
        two: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Open {
        a: bool,
        #[serde(alias = "old")]
        b: bool,
        c: bool,
    }
    let paths = |one: Value, two: Value| {
        let error = call_error::<Args>(json!({ "one": one, "two": two }));
        let paths = error.lines().skip(1).map(|line| line.split('`').nth(1));
        let paths = paths.map(|path| path.unwrap().replace("chunker.fixed.chunk.", ""));
        paths.collect::<Vec<_>>()
    };
    assert_eq!(
        paths(json!({ "x": 1 }), json!(1)),
        ["one.a", "one.b", "one.c"]
    );
    assert_eq!(
        paths(json!({ "x": 1, "old": true }), json!(1)),
        ["one.a", "one.c"]
    );
    assert_eq!(
        paths(json!({ "old": true }), json!("1")),
        ["one.a", "one.c", "two"]
    );
    assert_eq!(
        paths(json!({ "a": true, "x": 1 }), json!("1")),
        ["one.b", "one.c", "two"]
    );

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Config {
        tagged: Tagged,
        need: bool,
        #[serde(alias = "old")]
        other: bool,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(tag = "t")]
    enum Tagged {
        X {
            #[serde(default, alias = "m")]
            n: u8,
        },
    }
    let error = config_error::<Config>(json!({ "tagged": { "t": "X", "nn": 2 } }));
    for told in [
        "need`: missing",
        "other`: missing",
        "tagged.nn`: unknown key",
    ] {
        assert!(error.contains(told), "{error}");
    }
    let error = config_error::<Config>(json!({ "tagged": { "t": "X", "m": 2 }, "old": true }));
    assert!(
        error.ends_with("need`: missing; expected true or false"),
        "{error}"
    );
}

#[test]
fn what_stands_under_an_alias_is_told_as_it_is() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args {
        one: Closed,
        two: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        #[serde(alias = "old")]
        new: String,
        #[serde(alias = "w")]
        width: u8,
        z: Option<u8>,
    }
    let wrong = json!({ "old": "a", "w": "x" });
    let width = r#"one.w`: invalid type: string "x", expected u8"#;
    let error = call_error::<Args>(json!({ "one": wrong, "two": 1 }));
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(error.contains(width), "{error}");
    let error = call_error::<Args>(json!({ "one": wrong, "two": "x" }));
    assert_eq!(error.lines().count(), 3, "{error}");
    assert!(
        error.contains(width) && error.contains("two`: found"),
        "{error}"
    );
    let error = call_error::<Args>(json!({ "one": { "new": "a", "width": 1, "y": 1 }, "two": 1 }));
    assert!(error.contains("one.y`: unknown key"), "{error}");
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Side {
    Left(u8),
    Right(u8),
    Neither,
}

#[test]
fn an_enum_is_one_of_its_variants() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args {
        side: Side,
    }
    let error = |given: Value| call_error::<Args>(json!({ "side": given }));
    for (given, expected) in [
        (
            json!({ "Right": 1, "Left": null }),
            "2 variants at once; expected one of `Left`, `Right` alone",
        ),
        (
            json!({ "Right": 1, "Neither": null }),
            "2 variants at once; expected one of `Neither`, `Right` alone",
        ),
    ] {
        let error = error(given);
        assert!(error.ends_with(&format!("side`: {expected}")), "{error}");
    }
    let error = error(json!({ "Right": 1, "x": 1 }));
    assert!(error.contains("side.x`: unknown key"), "{error}");
}

/// What is said of one form hides nothing that is wrong with another.
#[test]
fn the_order_of_forms_changes_nothing() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        #[serde(default)]
        a: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum SideFirst {
        Side(Side),
        Closed(Closed),
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum SideLast {
        Closed(Closed),
        Side(Side),
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args<T> {
        side: T,
    }
    let both = json!({ "side": { "Left": 1, "Right": 2 } });
    let error = call_error::<Args<SideFirst>>(both.clone());
    assert!(error.contains("side`: 2 variants at once"), "{error}");
    assert_eq!(error, call_error::<Args<SideLast>>(both));
}

/// A type of an author's that tries one form, and takes anything where that fails.
#[test]
fn an_error_that_a_type_swallows_is_none() {
    #[derive(Debug, JsonSchema)]
    #[schemars(transparent)]
    struct Lenient(Value);
    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Self(
                u8::deserialize(deserializer).map_or(Value::Null, Value::from),
            ))
        }
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args {
        first: Lenient,
        second: u8,
    }
    for first in [json!(1), json!("text"), json!({ "a": [] })] {
        let arguments = json!({ "first": first, "second": 2 });
        let args = call_text::<Args>(&arguments.to_string());
        let args = args.unwrap_or_else(|error| panic!("{arguments}: {error}"));
        assert_eq!(
            (args.first.0.is_number(), args.second),
            (first.is_number(), 2)
        );
        let wrong = json!({ "first": first, "second": "2" });
        let error = call_text::<Args>(&wrong.to_string())
            .unwrap_err()
            .to_string();
        assert!(error.contains("second`: found the text \"2\""), "{error}");
    }
}

/// Which of them is meant, nobody can say, whatever the type.
#[test]
fn a_key_that_stands_twice_is_refused() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Args<T> {
        x: T,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Plain {
        a: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Untagged {
        Plain(Plain),
        Number(u8),
    }
    let twice = r#"{"x":{"a":1,"a":2}}"#;
    assert!(call_text::<Args<Plain>>(twice).is_err());
    assert!(call_text::<Args<Untagged>>(twice).is_err());
    let once = call_text::<Args<Untagged>>(r#"{"x":{"a":1}}"#).unwrap();
    assert!(
        matches!(once.x, Untagged::Plain(Plain { a: 1 })),
        "{once:?}"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Config {
    max_size: usize,
    #[serde(default)]
    inner: Option<Item>,
    #[serde(default)]
    shape: Option<Tagged>,
    #[serde(default, flatten)]
    more: Option<Point>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Plain {
    max_size: usize,
    #[serde(default)]
    inner: Vec<Item>,
    #[serde(default)]
    shape: Option<Tagged>,
    #[serde(default)]
    any: Value,
}

#[test]
fn unknown_config_keys_are_mistakes_at_any_depth() {
    assert_eq!(
        config_error::<Plain>(json!({
            "max_size": 1,
            "max_siez": 2,
            "inner": [{ "name": "a", "nam": 1 }],
            "shape": { "type": "circle", "radius": 1, "radios": 1 },
            "any": { "thing": 1 },
        })),
        "invalid config for `chunker.fixed`
  `chunker.fixed.inner[0].nam`: unknown key (did you mean `name`?); expected `name`
  `chunker.fixed.shape.radios`: unknown key (did you mean `radius`?); expected one of `radius`, `type`
  `chunker.fixed.max_siez`: unknown key (did you mean `max_size`?); expected one of `any`, `inner`, `max_size`, `shape`"
    );
    assert!(
        config_error::<Config>(json!({ "max_size": 1, "typo": 1 })).contains("typo`: unknown key")
    );
    let config = configure::<Config>(json!({ "max_size": 1, "x": 1.0, "y": 2.0 })).unwrap();
    assert_eq!(config.more.map(|point| point.y), Some(2.0));
}

#[test]
fn an_absent_section_is_an_empty_one_and_no_config_takes_nothing() {
    assert!(configure::<NoConfig>(Value::Null).is_ok());
    assert!(configure::<NoConfig>(json!({})).is_ok());
    assert_eq!(
        config_error::<NoConfig>(json!({ "a": 1, "b": 2 })),
        "invalid config for `chunker.fixed`
  `chunker.fixed.a`: unknown key: the plugin takes no config
  `chunker.fixed.b`: unknown key: the plugin takes no config"
    );
    assert!(
        config_error::<NoConfig>(json!([]))
            .contains("the section is not an object: found an empty array")
    );
    assert!(config_error::<Plain>(Value::Null).contains("`chunker.fixed.max_size`: missing"));
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Constrained {
    #[schemars(range(min = 1, max = 10))]
    #[serde(alias = "amount")]
    count: u32,
    #[schemars(length(min = 2))]
    #[serde(default = "two")]
    name: String,
    #[schemars(regex(pattern = "^[a-z]+$"))]
    #[serde(default = "two")]
    slug: String,
    #[serde(default)]
    set: HashSet<u8>,
}

fn two() -> String {
    "ab".into()
}

#[test]
fn constraints_are_checked_after_a_successful_decode() {
    let wrong = json!({ "count": 11, "name": "a", "slug": "A", "set": [1, 1] });
    let lines = r#"
  `chunker.fixed.chunk.count`: found 11; expected an integer from 1 to 10
  `chunker.fixed.chunk.name`: found the text "a"; expected text of at least 2 characters
  `chunker.fixed.chunk.set`: found an array of 2 items; expected an array without duplicates, each item an integer from 0 to 255
  `chunker.fixed.chunk.slug`: found the text "A"; expected text matching `^[a-z]+$`"#;
    assert_eq!(
        call_error::<Constrained>(wrong.clone()),
        format!("invalid arguments for `chunk`{lines}")
    );
    assert_eq!(
        config_error::<Constrained>(wrong),
        format!("invalid config for `chunker.fixed`{lines}").replace(".chunk.", ".")
    );
    for right in [
        json!({ "count": 10 }),
        json!({ "amount": 5, "slug": "abc" }),
    ] {
        assert!(call::<Constrained>(&right).is_ok(), "{right}");
        assert!(configure::<Constrained>(right).is_ok());
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "op")]
enum Expression {
    Add {
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Mul {
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Num {
        value: u32,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Calculation {
    expression: Expression,
}

#[test]
fn nested_alternatives_are_explained_in_good_time() {
    let mut expression = json!({ "op": "Num", "value": "one" });
    for _ in 0..50 {
        let right = json!({ "op": "Num", "value": 1 });
        expression = json!({ "op": "Mul", "left": expression, "right": right });
    }
    let begin = std::time::Instant::now();
    let error = call_error::<Calculation>(json!({ "expression": expression }));
    assert!(
        error.contains("left.value`: found the text \"one\""),
        "{error}"
    );
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[test]
fn a_flood_of_mistakes_is_cut() {
    let error = call_error::<Deep>(json!({ "items": vec![json!({}); 100_000] }));
    assert_eq!(error.lines().count(), 52);
    assert!(error.ends_with("`chunker.fixed.chunk`: there are more mistakes; mend these first"));
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Wide {
    id: i64,
    size: u64,
}

#[test]
fn the_bounds_of_64_bits_are_named_where_they_are_passed() {
    assert_eq!(
        call_error::<Wide>(json!({ "id": "a", "size": -1 })),
        r#"invalid arguments for `chunk`
  `chunker.fixed.chunk.id`: found the text "a"; expected an integer
  `chunker.fixed.chunk.size`: found -1; expected an integer of at least 0"#
    );
    assert_eq!(
        call_error::<Wide>(json!({ "id": u64::MAX, "size": 1e20 })),
        r#"invalid arguments for `chunk`
  `chunker.fixed.chunk.id`: found 18446744073709551615; expected an integer from -9223372036854775808 to 9223372036854775807
  `chunker.fixed.chunk.size`: found 1e+20; expected an integer from 0 to 18446744073709551615"#
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Paired {
    pair: (u8, bool),
}

#[test]
fn of_a_tuple_that_is_too_long_it_is_enough_to_say_so() {
    assert_eq!(
        call_error::<Paired>(json!({ "pair": [1, true, "more"] })),
        r#"invalid arguments for `chunk`
  `chunker.fixed.chunk.pair`: found an array of 3 items; expected an array of exactly 2 items: an integer from 0 to 255, then true or false"#
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Binary {
    data: Bytes,
    api_key: Option<Bytes>,
    sealed: Option<Secret<Bytes>>,
}

#[test]
fn b23_what_is_no_base64_is_told_so_and_not_shown() {
    let read = call::<Binary>(&json!({ "data": "aGk=", "sealed": "aGk=" })).unwrap();
    assert_eq!(&*read.data, b"hi");
    assert_eq!(&**read.sealed.unwrap().expose(), b"hi");

    for (given, problem) in [
        ("a b=", "character 2 is not of its alphabet"),
        ("a=Gk", "the `=` at character 2 is not at its end"),
        (
            "ab-_",
            "character 3 is of the URL-safe alphabet; expected the one with `+` and `/`",
        ),
        (
            "aGk",
            "expected `=` at its end, up to a multiple of 4 characters",
        ),
        ("aGkaG", "it breaks off after 5 characters"),
        (
            "aGl=",
            "the last character before its end, at 3, has bits set that belong to no byte",
        ),
    ] {
        let problem = format!("`chunker.fixed.chunk.data`: the text is no base64: {problem}");
        let error = call_error::<Binary>(json!({ "data": given }));
        assert_eq!(
            error,
            format!("invalid arguments for `chunk`\n  {problem}"),
            "{given}"
        );
    }
    assert_eq!(
        call_error::<Binary>(json!({ "data": 7 })),
        "invalid arguments for `chunk`\n  `chunker.fixed.chunk.data`: found 7; expected text in base64"
    );
    for name in ["api_key", "sealed"] {
        let error = call_error::<Binary>(json!({ "data": "", name: "hunter2hunter2!" }));
        assert!(
            error.contains(name) && !error.contains("hunter2"),
            "{error}"
        );
        let error = config_error::<Binary>(json!({ "data": "", name: "hunter2hunter2!" }));
        assert!(
            error.contains(name) && !error.contains("hunter2"),
            "{error}"
        );
    }
}
