//! A schema that nothing in the build can judge is an error at setup, not at the first call.

#![cfg(not(feature = "json-schema"))]
#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use dagstack_engine::{setup, task};
use dagstack_plugin::prelude::*;
use dagstack_plugin::{Plugin, PluginError, Registration, SetupContext};
use serde_json::json;

#[data]
#[derive(Debug)]
pub struct Word {
    #[schemars(regex(pattern = r"^(?=a)\w+$"))]
    pub text: String,
}

#[derive(Debug)]
pub struct Speller;

/// A plugin with a pattern that needs look-around.
#[plugin(kind = "tool", name = "speller")]
impl Speller {
    #[setup]
    fn setup(_: &PluginContext) -> Self {
        Self
    }

    /// Spells a word.
    #[hook]
    fn spell(&self, word: Word) -> String {
        word.text
    }
}

#[derive(Debug)]
pub struct Configured;

/// A plugin with such a pattern in its config.
#[plugin(kind = "tool", name = "configured")]
impl Configured {
    #[setup]
    fn setup(ctx: &PluginContext<Word>) -> Self {
        let _ = ctx;
        Self
    }

    /// Does nothing.
    #[hook]
    fn rest(&self) {}
}

fn setup_error<T: Plugin>(section: serde_json::Value) -> PluginError {
    let setup = setup(&Registration::of::<T>(), SetupContext::new(section));
    task::block_on(setup).expect_err("it cannot be set up")
}

#[test]
fn a_pattern_beyond_the_engine_is_an_error_at_setup() {
    let errors = [
        ("tool.speller.spell", setup_error::<Speller>(json!({}))),
        (
            "tool.configured",
            setup_error::<Configured>(json!({ "text": "abc" })),
        ),
    ];
    for (path, error) in errors {
        let said = error.to_string();
        for words in [path, r"`^(?=a)\w+$`", "the feature `json-schema`"] {
            assert!(said.contains(words), "{said}");
        }
    }
}
