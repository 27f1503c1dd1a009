//! An expansion allows no lint that its author forbids.

#![forbid(
    unsafe_code,
    clippy::dbg_macro,
    clippy::panic,
    clippy::todo,
    clippy::unwrap_used
)]

use dagstack_plugin::prelude::*;

/// Echoes.
#[derive(Default)]
pub(crate) struct Forbids;

#[plugin(kind = "tool", name = "forbids")]
impl Forbids {
    /// Echoes.
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}
