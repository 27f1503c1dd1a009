#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo", core_version = "^1.0 || whatever 3")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
