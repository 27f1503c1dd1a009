#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Inner;

#[data]
struct Config {
    size: Inner,
}

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        let _ = &ctx.config().size;
        Echo
    }

    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
