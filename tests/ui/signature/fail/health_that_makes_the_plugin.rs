#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo;
#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[health]
    fn start() -> Self {
        Echo
    }
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
