#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo;
#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}
#[plugin(kind = "tool", name = "echo2")]
impl Default for Echo {
    fn default() -> Self {
        Echo
    }
}

fn main() {}
