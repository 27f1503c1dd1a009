#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Foo;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> Result<u8, Foo> {
        loop {}
    }
}

fn main() {}
