//! Parameters with attributes are described and read as the fields of a struct with these are.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::too_many_arguments
)]

mod decode_support;

use std::collections::BTreeMap;

use dagstack_engine::call as hooks;
use dagstack_plugin::{Args, HookContext, Plugin as _, data, hook, plugin, schema};
use decode_support::{call, call_text};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// How to search.
#[data]
#[derive(Clone, Debug, PartialEq)]
enum Mode {
    /// Every word.
    All,
    /// Any word.
    Any(u8),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Any(3)
    }
}

/// There is no JSON for its default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Unwritten {
    n: u8,
}

fn seven() -> u8 {
    7
}

mod texts {
    pub(super) fn none() -> Vec<String> {
        Vec::new()
    }
}

macro_rules! both {
    ($($(#[$attr:meta])* $name:ident: $ty:ty,)*) => {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct ByHand {
            $($(#[$attr])* $name: $ty,)*
        }

        impl ByHand {
            fn shown(self) -> String {
                let Self { $($name),* } = self;
                format!("{:?}", [$(format!("{:?}", $name)),*])
            }
        }

        #[derive(Default)]
        struct Fixed;

        #[plugin(kind = "chunker", name = "fixed")]
        impl Fixed {
            #[hook]
            fn chunk(&self, $($(#[$attr])* $name: $ty),*) -> String {
                ByHand { $($name),* }.shown()
            }
        }
    };
}

both! {
    /// The query.
    #[serde(rename = "q", alias = "query")]
    text: String,
    /// # Where
    ///
    /// In which mode.
    #[serde(default)]
    mode: Mode,
    #[serde(default = "seven", alias = "old", alias = "older")]
    #[schemars(range(min = 1, max = 9))]
    n: u8,
    #[serde(default = "texts::none")]
    #[schemars(length(max = 3), inner(length(min = 2), regex(pattern = "^[a-z]+$")))]
    tags: Vec<String>,
    #[schemars(email, title = "To", description = "Whom to tell.", example = "a@b.c")]
    to: Option<String>,
    #[schemars(url, extend("x-secret" = false, "examples" = ["https://a.b"]))]
    r#where: Option<String>,
    /// Read as it is.
    #[schemars(transform = |schema: &mut schemars::Schema| { schema.insert("x".into(), 1.into()); })]
    modes: Option<BTreeMap<String, Mode>>,
    #[serde(rename(deserialize = "un\"written\\"), default)]
    unwritten: Unwritten,
}

#[test]
fn they_are_described_alike() {
    let hook = &Fixed::declaration().hooks[0];
    let by_hand = schema::input::<ByHand>();
    assert_eq!(
        serde_json::to_string_pretty(&hook.schemas().input).unwrap(),
        serde_json::to_string_pretty(&by_hand).unwrap()
    );
    assert_eq!(by_hand["required"], json!(["q"]));
    let names: Vec<_> = hook.params.iter().map(|param| param.name).collect();
    assert_eq!(names[..3], ["q", "mode", "n"]);
}

#[tokio::test]
async fn they_are_read_alike() {
    let ctx = HookContext::default();
    for given in [
        json!({ "q": "a" }),
        json!({ "query": "a", "mode": "All", "n": 5.0, "tags": ["ab"], "to": "a@b.c" }),
        json!({ "query": "a", "older": 2, "modes": { "a": { "Any": 1 } }, "un\"written\\": { "n": 1 } }),
        json!({ "q": "a", "old": 2, "where": "https://a.b", "to": null }),
        json!({ "q": "a", "n": 0 }),
        json!({ "q": "a", "n": null }),
        json!({ "q": "a", "mode": { "Any": "x" } }),
        json!({ "q": "a", "tags": ["a", "b", "c", "d"] }),
        json!({ "text": "a" }),
        json!({ "q": "a", "unwritten": { "n": 1 } }),
        json!({ "q": "a", "quer": "b" }),
        json!({}),
        json!([]),
    ] {
        let text = given.to_string();
        let by_hand = call::<ByHand>(&given).map(|read| Value::String(read.shown()));
        let by_hand = by_hand.map_err(|error| error.to_string());
        let mut value = given;
        for args in [Args::Json(&text), Args::Value(&mut value)] {
            let read = hooks::call(&Fixed, "chunk", &ctx, args).await;
            let read = read.map(|output| output.into_value().unwrap());
            let read = read.map_err(|error| error.to_string());
            assert_eq!(read, by_hand, "{text}");
        }
    }
}

#[tokio::test]
async fn no_alias_is_called_a_mistake() {
    let ctx = HookContext::default();
    for (given, problem) in [
        (
            json!({ "q": "a", "query": "b" }),
            "q`: given more than once, as `q`, `query`",
        ),
        (
            json!({ "q": "a", "old": 2, "older": 2 }),
            "n`: given more than once, as `old`, `older`",
        ),
        (
            json!({ "q": "a", "older": 0 }),
            "n`: found 0; expected an integer from 1 to 9",
        ),
        (
            json!({ "q": "a", "older": "x" }),
            "n`: found the text \"x\"; expected an integer from 1 to 9",
        ),
        (json!({ "query": 1 }), "q`: found 1; expected text"),
        (
            json!({ "query": "a", "n": 0 }),
            "n`: found 0; expected an integer from 1 to 9",
        ),
    ] {
        let text = given.to_string();
        let mut value = given;
        for args in [Args::Json(&text), Args::Value(&mut value)] {
            let error = hooks::call(&Fixed, "chunk", &ctx, args).await.unwrap_err();
            let expected =
                format!("invalid arguments for `chunk`\n  `chunker.fixed.chunk.{problem}");
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }
}

#[tokio::test]
async fn a_key_is_read_under_one_name_however_it_is_written() {
    let ctx = HookContext::default();
    for text in [
        r#"{"q":"a","q":"b"}"#,
        r#"{"q":"a","un\"written\\":{"n":1},"\u0075n\"written\\":{"n":1}}"#,
        r#"{"query":"a","un\"written\\":{"n":1}}"#,
        r#"{"query":"a","un"written\":{"n":1}}"#,
    ] {
        let by_hand = call_text::<ByHand>(text).map(ByHand::shown);
        let read = hooks::call(&Fixed, "chunk", &ctx, Args::Json(text)).await;
        let read = read.map(|output| output.into_value().unwrap());
        assert_eq!(read, by_hand.map(Value::String), "{text}");
    }
}

#[derive(Default)]
struct Lists;

#[plugin(kind = "chunker", name = "lists")]
impl Lists {
    #[hook]
    async fn chunk(
        &self,
        ctx: &HookContext,
        #[serde(default = "Self::words")] words: Vec<String>,
        #[serde(default)] n: usize,
    ) -> Vec<String> {
        let _ = ctx;
        words.into_iter().skip(n).collect()
    }
}

impl Lists {
    fn words() -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }
}

#[tokio::test]
async fn a_function_of_the_plugin_stands_in_for_what_is_missing() {
    let ctx = HookContext::default();
    let schema = &Lists::declaration().hooks[0].schemas().input;
    assert_eq!(schema["properties"]["words"]["default"], json!(["a", "b"]));
    for (text, words) in [
        ("{}", json!(["a", "b"])),
        (r#"{"n":1}"#, json!(["b"])),
        (r#"{"words":["c","d"],"n":1}"#, json!(["d"])),
    ] {
        let read = hooks::call(&Lists, "chunk", &ctx, Args::Json(text)).await;
        assert_eq!(read.unwrap().into_value().unwrap(), words, "{text}");
    }
}
