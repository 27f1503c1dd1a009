#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    async fn echo(&self) -> Result<[u8], HookError> {
        loop {}
    }
}

fn main() {}
