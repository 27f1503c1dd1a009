#![allow(unused)]

use dagstack_plugin::prelude::*;

fn ten() -> u8 {
    10
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(default = "ten")] size: usize) -> u8 {
        loop {}
    }
}

fn main() {}
