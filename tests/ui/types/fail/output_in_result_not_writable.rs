#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Foo;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> Result<Foo, HookError> {
        loop {}
    }
}

fn main() {}
