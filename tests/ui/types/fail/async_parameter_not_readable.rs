#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Foo;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    async fn echo(&self, foo: Foo) -> u8 {
        loop {}
    }
}

fn main() {}
