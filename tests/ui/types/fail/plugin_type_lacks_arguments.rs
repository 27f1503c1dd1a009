#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo<T>(T);

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
