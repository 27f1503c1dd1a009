#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo;
#[plugin(kind = "tool", name = "echo")]
#[derive(Default)]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
