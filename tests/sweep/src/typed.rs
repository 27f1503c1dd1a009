//! Some of the types in a kind with a trait: called typed and by JSON.

use std::collections::{BTreeMap, BTreeSet};

use dagstack_plugin::canonical_json;
use dagstack_plugin::prelude::*;
use serde_json::{Value, json};

use crate::types::*;

/// Gives back what it is given.
#[derive(Debug, Default)]
pub struct Typed;

/// The trait, the plugin, and calls of the trait by the name of the hook.
macro_rules! kind {
    ($($name:ident: $type:ty = [$($sample:tt)*];)*) => {
        /// Gives back what it is given.
        #[kind(name = "sweeper", version = "1.0.0")]
        pub trait Sweeper {
            $(
                /// Gives back a value.
                #[hook(dispatch = "singleton")]
                async fn $name(&self, value: $type) -> $type;
            )*
        }

        /// Gives back what it is given.
        #[plugin(kind = Sweeper, name = "typed")]
        impl Typed {
            $(
                #[hook]
                fn $name(&self, value: $type) -> $type {
                    value
                }
            )*
        }

        /// The names of all hooks, each with arguments that fit.
        pub fn samples() -> Vec<(&'static str, Vec<Value>)> {
            vec![$((
                stringify!($name),
                match json!([$($sample)*]) {
                    Value::Array(values) => {
                        values.into_iter().map(|value| json!({ "value": value })).collect()
                    }
                    other => vec![other],
                },
            )),*]
        }

        /// Calls a hook of the trait; `None` where the value is none of its type, as serde reads it.
        pub async fn call(
            plugin: &dyn Sweeper,
            ctx: &HookContext,
            hook: &str,
            args: &Value,
        ) -> Option<Result<Value, HookError>> {
            match hook {
                $(stringify!($name) => {
                    let value: $type = serde_json::from_value(args.get("value")?.clone()).ok()?;
                    let returned = plugin.$name(ctx, value).await;
                    Some(returned.and_then(|value| {
                        let text = canonical_json::to_string(&value).map_err(HookError::from_error)?;
                        serde_json::from_str(&text).map_err(HookError::from_error)
                    }))
                })*
                _ => None,
            }
        }
    };
}

kind! {
    of_u8: u8 = [5];
    of_i64: i64 = [-5];
    of_u128: u128 = [5];
    of_f32: f32 = [0.1];
    of_f64: f64 = [0.1, 2];
    of_char: char = ["a"];
    of_string: String = ["a"];
    of_unit: () = [null];
    of_option: Option<u8> = [null, 5];
    of_option_option: Option<Option<u32>> = [null, 5];
    of_list: Vec<u8> = [[1]];
    of_points: Vec<Point> = [[{ "x": 1, "y": 2 }]];
    of_set: BTreeSet<u8> = [[1]];
    of_array: [u8; 3] = [[1, 2, 3]];
    of_pair: (u8, String) = [[1, "a"]];
    of_map: BTreeMap<String, Point> = [{ "a": { "x": 1, "y": 2 } }];
    of_map_by_i64: BTreeMap<i64, bool> = [{ "-5": true }];
    of_value: Value = [5.0, { "a": [1] }];
    of_point: Point = [{ "x": 1, "y": 2 }];
    of_nested: Nested = [{
        "origin": { "x": 1, "y": 2 }, "path": [{ "x": 1, "y": 2 }],
        "named": { "a": { "x": 1, "y": 2 } }, "maybe": { "x": 1, "y": 2 },
        "pair": [{ "x": 1, "y": 2 }, 3],
    }];
    of_camel: Camel = [{ "firstName": "a", "with space": 1, "a/b~c": { "größe": 1 }, "type": true }];
    of_bounded: Bounded = [{ "size": 1, "name": "abc", "list": [1], "word": "a" }];
    of_external: External = ["Nothing", { "One": 1 }, { "Named": { "x": 1, "deep": { "x": 1, "y": 2 } } }];
    of_internal: Internal = [{ "type": "nothing" }, { "type": "circle", "radius": 1 }];
    of_adjacent: Adjacent = [{ "t": "Nothing" }, { "t": "Two", "c": [1, { "x": 1, "y": 2 }] }];
    of_either: Either = [5, 5.5, "a", { "x": 1, "y": 2 }];
    of_tree: Tree = [{ "value": 1, "children": [{ "value": 2 }] }];
    of_flat_struct: FlatStruct = [{ "id": 1, "x": 1, "y": 2 }];
    of_flat_option: FlatOption = [{ "id": 1, "x": 1, "y": 2 }, { "id": 1 }];
}
