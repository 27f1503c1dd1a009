#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo", priority = 5000000000)]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
