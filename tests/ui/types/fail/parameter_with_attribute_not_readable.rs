#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Foo;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[schemars(title = "foo")] foo: Foo) -> u8 {
        loop {}
    }
}

fn main() {}
