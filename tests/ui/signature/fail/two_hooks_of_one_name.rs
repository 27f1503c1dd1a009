#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
