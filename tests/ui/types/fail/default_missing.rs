#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
struct Foo {}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(default)] foo: Foo) -> u8 {
        loop {}
    }
}

fn main() {}
