#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Foo;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    async fn setup(_ctx: &PluginContext) -> Result<Self, Foo> {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
