#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
#[dagstack_plugin::async_trait]
impl Echo {
    #[hook]
    async fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
