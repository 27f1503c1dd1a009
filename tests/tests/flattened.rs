//! Behaviour 5: `#[serde(flatten)]` on a parameter works as on the field of a struct, in both builds.

#![allow(clippy::too_many_arguments)]

use std::collections::BTreeMap;

use dagstack_plugin::declaration::Declaration;
use dagstack_plugin::prelude::*;
use dagstack_plugin::testing::{self, TestPlugin};
use dagstack_plugin::{HookError, Plugin};
use dagstack_tests::built;
use serde_json::{Value, json};

/// A page of a list.
#[data]
#[derive(Debug, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Page {
    /// The first item.
    pub off_set: u32,
    /// At most so many.
    pub li_mit: u32,
}

mod hex {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let text = String::deserialize(from)?;
        u32::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

fn seven() -> u8 {
    7
}

/// What a search is for.
#[data]
#[derive(Debug)]
pub struct Filter {
    /// The words.
    #[serde(alias = "terms")]
    pub words: Vec<String>,
    #[serde(flatten)]
    pub page: Page,
}

/// Searches.
#[derive(Default)]
struct Search;

/// Searches.
#[plugin(kind = "tool", name = "search")]
impl Search {
    /// Everything at once.
    #[hook]
    fn all(
        &self,
        /// The query.
        #[serde(rename = "q")]
        query: String,
        #[serde(default = "seven")] n: u8,
        #[serde(default)] tags: Vec<String>,
        #[serde(alias = "old", alias = "older")] newer: Option<u8>,
        #[serde(flatten)] page: Page,
        #[serde(deserialize_with = "hex::deserialize")]
        #[schemars(with = "String")]
        h: u32,
        #[serde(skip)] skipped: u8,
    ) -> String {
        format!("{query} {n} {tags:?} {newer:?} {page:?} {h} {skipped}")
    }

    /// Takes the rest.
    #[hook]
    fn rest(&self, a: u8, #[serde(flatten)] rest: BTreeMap<String, Value>) -> String {
        format!("{a} {rest:?}")
    }

    #[hook]
    fn only(&self, #[serde(flatten)] page: Page) -> String {
        format!("{page:?}")
    }

    /// Flattens what flattens.
    #[hook]
    fn nested(&self, text: String, #[serde(flatten)] filter: Filter) -> String {
        format!("{text} {filter:?}")
    }
}

fn call(hook: &str, args: Value) -> Result<Value, HookError> {
    testing::in_process::<Search>().call(hook, args)
}

fn said(hook: &str, args: Value) -> String {
    call(hook, args).expect_err("it does not fit").to_string()
}

#[test]
fn b05_flattened_beside_every_other_attribute() {
    assert_eq!(
        call(
            "all",
            json!({ "q": "x", "older": 3, "offSet": 5, "h": "ff" })
        ),
        Ok(json!("x 7 [] Some(3) Page { off_set: 5, li_mit: 0 } 255 0"))
    );
    assert_eq!(
        call("rest", json!({ "a": 1, "b": 2, "c": [1] })),
        Ok(json!(r#"1 {"b": Number(2), "c": Array [Number(1)]}"#))
    );
    assert_eq!(
        call("only", json!({ "liMit": 2 })),
        Ok(json!("Page { off_set: 0, li_mit: 2 }"))
    );
    assert_eq!(
        call(
            "nested",
            json!({ "text": "t", "terms": ["a"], "offSet": 1.0 })
        ),
        Ok(json!(
            r#"t Filter { words: ["a"], page: Page { off_set: 1, li_mit: 0 } }"#
        ))
    );
}

#[test]
fn b05_what_nobody_takes_is_refused() {
    for (hook, args, mistake) in [
        (
            "all",
            json!({ "q": "x", "h": "ff", "skipped": 3 }),
            "all.skipped`: unknown key",
        ),
        (
            "all",
            json!({ "q": "x", "h": "ff", "off_set": 3 }),
            "all.off_set`: unknown key (did you mean `offSet`?)",
        ),
        ("all", json!({ "h": "ff" }), "all.q`: missing"),
        (
            "all",
            json!({ "q": "x", "h": "zz" }),
            "all.h`: invalid digit",
        ),
        (
            "only",
            json!({ "limit": 2 }),
            "only.limit`: unknown key (did you mean `liMit`?)",
        ),
        (
            "only",
            json!({ "liMit": "2" }),
            "only.liMit`: found the text \"2\"; expected an integer",
        ),
        (
            "nested",
            json!({ "text": "t", "words": [], "page": {} }),
            "nested.page`: unknown key",
        ),
        ("nested", json!({ "words": [] }), "nested.text`: missing"),
        ("rest", json!({ "b": 1 }), "rest.a`: missing"),
    ] {
        let said = said(hook, args);
        assert!(said.contains(mistake), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

#[test]
fn b05_schemas_are_as_open_as_the_hook() {
    let declaration: &Declaration = Search::declaration();
    let schema = |hook: &str| &declaration.hook(hook).expect("a hook").1.schemas().input;
    for hook in ["all", "only", "nested"] {
        assert_eq!(schema(hook)["additionalProperties"], false, "{hook}");
    }
    assert_ne!(schema("rest")["additionalProperties"], false);
    for hook in ["all", "rest", "only", "nested"] {
        assert_eq!(
            schema(hook).get("description"),
            None,
            "{hook}: that of a flattened type"
        );
    }
    assert_eq!(
        schema("only")["properties"]["offSet"]["description"],
        "The first item."
    );
}

/// The hooks of the package `sweep`, with arguments, results, and keys that nobody takes.
#[test]
fn b05_in_both_builds_and_every_representation() {
    let both: [TestPlugin; 2] = [
        testing::in_process::<sweep::Sweep>(),
        testing::executable(built("sweep")),
    ];
    for (hook, args, result) in [
        (
            "flat_struct",
            json!({ "a": 1, "x": 2, "y": 3 }),
            json!([1, { "x": 2, "y": 3 }]),
        ),
        (
            "flat_nested",
            json!({ "a": 1, "id": 2, "x": 3, "y": 4, "limit": 5, "name": "n" }),
            json!([1, { "id": 2, "x": 3, "y": 4, "offset": 0, "limit": 5, "name": "n" }]),
        ),
        ("flat_option", json!({ "text": "a" }), json!(["a", null])),
        (
            "flat_option",
            json!({ "text": "a", "x": 2, "y": 3 }),
            json!(["a", { "x": 2, "y": 3 }]),
        ),
        (
            "flat_rest",
            json!({ "a": 1, "b": 2.5, "c": {} }),
            json!([1, { "b": 2.5, "c": {} }]),
        ),
        (
            "flat_map",
            json!({ "text": "a", "b": 2 }),
            json!(["a", { "b": 2 }]),
        ),
        (
            "flat_internal",
            json!({ "a": 1, "type": "circle", "radius": 2 }),
            json!([1, { "type": "circle", "radius": 2 }]),
        ),
        (
            "flat_external",
            json!({ "a": 1, "Wraps": { "x": 2, "y": 3 } }),
            json!([1, { "Wraps": { "x": 2, "y": 3 } }]),
        ),
        (
            "flat_adjacent",
            json!({ "a": 1, "t": "One", "c": 2 }),
            json!([1, { "t": "One", "c": 2 }]),
        ),
        (
            "flat_untagged",
            json!({ "a": 1, "side": 2, "at": null }),
            json!([1, { "side": 2, "at": null }]),
        ),
        ("flat_optional_enum", json!({ "a": 1 }), json!([1, null])),
        (
            "flat_value",
            json!({ "a": 1, "b": [2] }),
            json!([1, { "b": [2] }]),
        ),
    ] {
        for plugin in &both {
            assert_eq!(
                plugin.call(hook, args.clone()),
                Ok(result.clone()),
                "{hook} {plugin:?}"
            );
            let mut more = args.clone();
            more["extra"] = json!("x");
            let outcome = plugin.call(hook, more);
            match hook {
                "flat_rest" | "flat_value" => assert!(outcome.is_ok(), "{hook}"),
                "flat_map" => {
                    let said = outcome.expect_err("a text is no number").to_string();
                    assert!(
                        said.contains(".extra`: found the text \"x\""),
                        "{hook}: {said}"
                    );
                }
                _ => {
                    let said = outcome.expect_err("nobody takes it").to_string();
                    assert!(said.contains(".extra`: unknown key"), "{hook}: {said}");
                }
            }
        }
    }
}
