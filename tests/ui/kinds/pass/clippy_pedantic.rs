//! Behaviour 24: `clippy::pedantic` has nothing to say about a public kind, what it makes, and a
//! plugin of it. `cargo xtask lint` runs clippy here.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]
// The tests are a program, and nobody imports its items.
#![allow(unreachable_pub)]

use dagstack_plugin::prelude::*;

/// A kind with hooks of all classes.
#[kind(name = "pedant", version = "1.0.0")]
pub trait Pedant {
    /// Counts.
    #[hook(dispatch = "singleton")]
    async fn count(&self, text: String, tags: Option<Vec<String>>) -> usize;

    /// Looks.
    #[hook(dispatch = "broadcast_collect", error_policy = "best_effort")]
    async fn look(&self, text: String) -> bool;

    /// Hears.
    #[hook(dispatch = "broadcast_notify")]
    async fn hear(&self, text: String);

    /// Rewrites.
    #[hook(dispatch = "chain")]
    async fn rewrite(&self, text: String, times: u8) -> String;

    /// Reads.
    #[hook(dispatch = "capability", extension = "path")]
    async fn read(&self, path: String) -> Option<String>;

    /// Knows at once.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn knows(&self, text: &str) -> bool;

    /// Takes many.
    #[hook(dispatch = "singleton")]
    #[allow(clippy::too_many_arguments)]
    async fn many(&self, one: u8, two: u8, three: u8, four: u8, five: u8, six: u8, seven: u8)
    -> u8;
}

/// A plugin of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pedantic;

/// A plugin of it.
#[plugin(kind = Pedant, name = "pedantic-of-kind")]
impl Pedantic {
    #[hook]
    fn count(&self, text: String, tags: Option<Vec<String>>) -> usize {
        text.len() + tags.iter().flatten().count()
    }

    #[hook]
    async fn look(&self, text: String) -> Result<bool, HookError> {
        Ok(text.is_empty())
    }

    #[hook]
    fn hear(&self, _text: String) {}

    #[hook]
    pub fn rewrite(&self, text: String, times: u8) -> String {
        text.repeat(times.into())
    }

    #[hook]
    fn read(&self, path: String) -> Option<String> {
        Some(path)
    }

    #[hook]
    fn knows(&self, ctx: &HookContext, text: &str) -> bool {
        let _ = ctx;
        text.is_empty()
    }

    #[hook]
    #[allow(clippy::too_many_arguments)]
    fn many(&self, one: u8, two: u8, three: u8, four: u8, five: u8, six: u8, seven: u8) -> u8 {
        one + two + three + four + five + six + seven
    }
}
