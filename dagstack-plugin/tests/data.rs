//! `#[data]` holds its derives under conditions of its own; what they give is what they give anywhere.

#![allow(dead_code, missing_docs, unreachable_pub)]
// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::unwrap_used)]

mod ours {
    use dagstack_plugin::prelude::*;
    use std::collections::HashMap;
    /// A page.
    #[data]
    #[derive(Default, Debug, PartialEq)]
    #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
    pub struct Page {
        /// t
        pub the_text: String,
        pub n: Option<u8>,
        #[serde(skip)]
        pub s: u8,
        #[schemars(range(min = 1, max = 9))]
        pub k: u32,
        pub m: HashMap<String, Vec<Page>>,
    }
    #[data]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "t", rename_all = "snake_case")]
    pub enum E {
        A,
        B {
            x: u8,
            #[serde(default = "seven")]
            y: u8,
        },
        C(P2),
    }
    #[data]
    #[derive(Debug, PartialEq)]
    pub struct P2 {
        #[serde(rename = "Z")]
        z: (u8, String),
        #[serde(default, skip_serializing_if = "Option::is_none")]
        o: Option<Box<E>>,
    }
    #[data]
    #[derive(Debug, PartialEq)]
    pub struct T(u8, String);
    #[data]
    #[derive(Debug, PartialEq)]
    pub struct N(String);
    #[data]
    #[derive(Debug, PartialEq)]
    pub struct U;
    #[data]
    #[derive(Debug, PartialEq)]
    #[serde(untagged)]
    pub enum V {
        A(u8),
        B { x: String },
        C,
    }
    #[data]
    #[derive(Debug, PartialEq)]
    #[serde(rename = "Seite")]
    pub struct R {
        #[serde(flatten)]
        rest: HashMap<String, u8>,
        a: u8,
    }
    #[data]
    #[derive(Debug, PartialEq)]
    pub enum X {
        A,
        /// bb
        B(u8),
        C {
            x: String,
        },
        D(u8, u8),
    }
    fn seven() -> u8 {
        7
    }
}
mod derived {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use std::collections::HashMap;
    /// A page.
    #[derive(Serialize, Deserialize, JsonSchema, Default, Debug, PartialEq)]
    #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
    pub struct Page {
        /// t
        pub the_text: String,
        pub n: Option<u8>,
        #[serde(skip)]
        pub s: u8,
        #[schemars(range(min = 1, max = 9))]
        pub k: u32,
        pub m: HashMap<String, Vec<Page>>,
    }
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    #[serde(tag = "t", rename_all = "snake_case")]
    pub enum E {
        A,
        B {
            x: u8,
            #[serde(default = "seven")]
            y: u8,
        },
        C(P2),
    }
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    pub struct P2 {
        #[serde(rename = "Z")]
        z: (u8, String),
        #[serde(default, skip_serializing_if = "Option::is_none")]
        o: Option<Box<E>>,
    }
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    pub struct T(u8, String);
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    pub struct N(String);
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    pub struct U;
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum V {
        A(u8),
        B { x: String },
        C,
    }
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    #[serde(rename = "Seite")]
    pub struct R {
        #[serde(flatten)]
        rest: HashMap<String, u8>,
        a: u8,
    }
    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    pub enum X {
        A,
        /// bb
        B(u8),
        C {
            x: String,
        },
        D(u8, u8),
    }
    fn seven() -> u8 {
        7
    }
}
fn cmp<
    A: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema + std::fmt::Debug,
    B: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema + std::fmt::Debug,
>(
    name: &str,
    inputs: &[&str],
) {
    for s in [
        schemars::generate::SchemaSettings::draft2020_12(),
        schemars::generate::SchemaSettings::draft2020_12().for_serialize(),
    ] {
        let x = s.clone().into_generator().into_root_schema_for::<A>();
        let y = s.into_generator().into_root_schema_for::<B>();
        assert_eq!(
            serde_json::to_string(&x).unwrap(),
            serde_json::to_string(&y).unwrap(),
            "{name}"
        );
    }
    assert_eq!(A::schema_name(), B::schema_name());
    assert_eq!(
        A::schema_id().replace("::ours::", "::derived::"),
        B::schema_id()
    );
    assert_eq!(A::inline_schema(), B::inline_schema());
    for i in inputs {
        let x = serde_json::from_str::<A>(i);
        let y = serde_json::from_str::<B>(i);
        assert_eq!(format!("{x:?}"), format!("{y:?}"), "{name} {i}");
        if let (Ok(x), Ok(y)) = (x, y) {
            assert_eq!(
                serde_json::to_string(&x).unwrap(),
                serde_json::to_string(&y).unwrap()
            );
        }
    }
}
#[test]
fn what_data_derives_is_what_the_derives_give() {
    cmp::<ours::Page, derived::Page>(
        "page",
        &[
            "{}",
            r#"{"theText":"a","n":1,"k":3,"m":{"x":[{"theText":"b"}]}}"#,
            r#"{"x":1}"#,
            "5",
            r#"{"n":"a"}"#,
            "[]",
        ],
    );
    cmp::<ours::E, derived::E>(
        "e",
        &[
            r#"{"t":"a"}"#,
            r#"{"t":"b","x":1}"#,
            r#"{"t":"c","Z":[1,"a"]}"#,
            r#"{"t":"d"}"#,
            r#"{}"#,
            r#"{"t":"c","Z":[1,"a"],"o":{"t":"a"}}"#,
        ],
    );
    cmp::<ours::P2, derived::P2>("p2", &[r#"{"Z":[1,"a"]}"#, r#"{"Z":[1]}"#, "{}"]);
    cmp::<ours::T, derived::T>("t", &[r#"[1,"a"]"#, "[1]", "{}"]);
    cmp::<ours::N, derived::N>("n", &[r#""a""#, "1"]);
    cmp::<ours::U, derived::U>("u", &["null", "1"]);
    cmp::<ours::V, derived::V>("v", &["1", r#"{"x":"a"}"#, "null", "[]"]);
    cmp::<ours::R, derived::R>(
        "r",
        &[r#"{"a":1,"b":2}"#, r#"{"b":2}"#, r#"{"a":1,"b":"x"}"#],
    );
    cmp::<ours::X, derived::X>(
        "x",
        &[
            r#""A""#,
            r#"{"B":1}"#,
            r#"{"C":{"x":"a"}}"#,
            r#"{"D":[1,2]}"#,
            r#"{"E":1}"#,
            "1",
            r#"{"B":"x"}"#,
        ],
    );
}
