#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> Result<u8, Box<dyn std::error::Error>> {
        loop {}
    }
}

fn main() {}
