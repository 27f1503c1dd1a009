#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn resources() -> Vec<u8> {
    Vec::new()
}

dagstack_plugin::main!(Echo, resources = resources);
