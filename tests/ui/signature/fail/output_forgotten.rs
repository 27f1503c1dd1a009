#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> {
        text
    }

    #[hook]
    fn other(&self) {}
}

fn main() {}
