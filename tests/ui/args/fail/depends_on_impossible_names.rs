// errors: 2
#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo", depends_on = ["a b", "Tool.x"])]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
