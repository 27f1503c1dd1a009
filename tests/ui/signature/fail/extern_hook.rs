#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    extern "C" fn echo(&self) -> u8 {
        loop {}
    }
}

fn main() {}
