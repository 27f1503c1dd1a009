//! The smallest plugin: one function that gives back what it is given.

use dagstack_plugin::prelude::*;

/// Gives back what it is given.
#[derive(Debug, Default)]
pub struct Echo;

/// Gives back what it is given.
#[plugin(kind = "tool", name = "echo")]
impl Echo {
    /// Returns `text` as it is.
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}
