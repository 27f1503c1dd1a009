#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn echo() -> Self {
        Echo
    }
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
