//! Behaviour 24: `clippy::pedantic` has nothing to say about a plain hook, whose signature is the
//! macro's wish. `cargo xtask lint` runs clippy here.

#![deny(warnings, clippy::all, clippy::pedantic)]
// The tests are a program, and nobody imports its items.
#![allow(unreachable_pub)]

use std::collections::HashMap;

use dagstack_plugin::prelude::*;

/// A plugin that fits in a register.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pedantic;

/// A plugin.
#[plugin(kind = "tool", name = "pedantic")]
impl Pedantic {
    /// Sets up.
    #[setup]
    fn setup(_ctx: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self)
    }

    /// Says `text` back.
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }

    /// Takes owned values and only looks at them.
    #[hook]
    pub fn len(&self, text: String, tags: Option<Vec<String>>, map: HashMap<String, u8>) -> usize {
        text.len() + tags.iter().flatten().count() + map.len()
    }

    /// Waits for nothing.
    #[hook]
    async fn later(&self, number: Option<u8>) -> Option<u8> {
        number
    }

    /// Cannot fail, or only by a panic.
    #[hook]
    pub fn sure(&self, number: u8) -> Result<u8, HookError> {
        assert!(number < 9, "too much");
        Ok(number)
    }

    /// Has the last word about its own lints.
    #[expect(clippy::needless_pass_by_value)]
    #[hook]
    fn strict(&self, text: String) -> usize {
        text.len()
    }

    /// Is well.
    #[health]
    fn health(&self) -> Health {
        Health::Healthy
    }

    /// Gives everything back.
    #[teardown]
    async fn teardown(&self) -> Result<Released, PluginError> {
        Ok(Released::All)
    }
}
