#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Ecko {
    #[setup]
    async fn setup(ctx: &PluginContext) -> Result<Self, PluginError> {
        loop {}
    }

    #[hook]
    async fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
