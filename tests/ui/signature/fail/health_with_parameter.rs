#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[health]
    fn health(&self, deep: bool) -> Health {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
