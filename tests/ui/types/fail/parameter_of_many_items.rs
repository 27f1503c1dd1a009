#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, bytes: [u8; 64]) -> u8 {
        loop {}
    }
}

fn main() {}
