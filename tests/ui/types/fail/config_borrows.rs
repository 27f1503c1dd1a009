#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
struct Config<'a> {
    size: usize,
    name: &'a str,
}
struct Echo {
    size: usize,
}
#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &PluginContext<Config<'_>>) -> Self {
        Echo {
            size: ctx.config().size,
        }
    }
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
