//! Callers read what a plugin and its hooks do: the lint for what is public speaks of them.
// errors: 2

#![deny(missing_docs)]

use dagstack_plugin::prelude::*;

/// A public type, whose hooks are private functions.
#[derive(Default)]
pub struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }

    /// Says it twice.
    #[hook]
    fn twice(&self, text: String) -> String {
        text.repeat(2)
    }

    #[hook(description = "Says nothing.")]
    fn nothing(&self) {}

    #[hook]
    #[allow(missing_docs)]
    fn internal(&self) {}
}

fn main() {}
