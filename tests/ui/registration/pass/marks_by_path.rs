//! Attributes by whatever path the crate or its prelude has.

#![deny(warnings)]

use dagstack_plugin as dp;
use dagstack_plugin::prelude;

/// Echoes.
pub(crate) struct ByPath;

#[dp::plugin(kind = "tool", name = "by-path")]
impl ByPath {
    #[dp::setup]
    fn setup() -> Self {
        Self
    }

    #[dp::hook]
    fn one(&self, text: String) -> String {
        text
    }

    #[prelude::hook]
    fn two(&self, text: String) -> String {
        text.repeat(2)
    }

    #[dagstack_plugin::prelude::hook]
    fn three(&self, text: String) -> String {
        text.repeat(3)
    }
}
