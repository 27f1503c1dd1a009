#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    #[serde(rename_all = "camelCase")]
    fn echo(&self, max_size: u8) -> u8 {
        loop {}
    }
}

fn main() {}
