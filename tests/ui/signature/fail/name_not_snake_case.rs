#![allow(non_snake_case)]

#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echoText(&self) -> u8 {
        loop {}
    }
}

fn main() {}
