#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Foo;

type Answer<T> = Result<T, Foo>;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> Answer<u8> {
        loop {}
    }
}

fn main() {}
