#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Config;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(_ctx: &PluginContext<Config>) -> Self {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
