//! Names that are keywords elsewhere, as callers see them; and a plugin of the kind that is written
//! as in edition 2024.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used)]

use dagstack_plugin::prelude::*;
use dagstack_plugin::testing::in_process;
use edition_2021::{gen, Gen, Generates, Generator};
use serde_json::json;

#[derive(Default)]
struct Raw;

#[plugin(kind = Generator, name = "raw")]
impl Raw {
    #[hook]
    async fn r#gen(&self, r#gen: r#gen, _n: Vec<gen>) -> r#gen {
        r#gen
    }

    #[hook]
    fn now(&self, _gen: &gen) -> u8 {
        2
    }

    #[hook]
    fn read(&self, r#gen: String) -> String {
        r#gen
    }
}

#[test]
fn a_name_is_what_it_is() {
    let plugin = in_process::<Gen>();
    assert_eq!(plugin.call("b", json!({ "gen": 1 })), Ok(json!(1)));
    let args = json!({ "gen": { "gen": 1 } });
    assert_eq!(plugin.call("gen", args), Ok(json!({ "gen": 1 })));
    let args = json!({ "gen": { "gen": 1 }, "n": [] });
    for plugin in [in_process::<Generates>(), in_process::<Raw>()] {
        let found = plugin.call("gen", args.clone());
        assert_eq!(found, Ok(json!({ "gen": 1 })));
    }
}
