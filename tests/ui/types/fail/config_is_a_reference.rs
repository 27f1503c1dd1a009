#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
struct Config {
    size: usize,
}
#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &PluginContext<&Config>) -> Self {
        Echo
    }
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
