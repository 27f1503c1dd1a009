#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup() -> u8 {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
