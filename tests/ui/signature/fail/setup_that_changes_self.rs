#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo {
    n: u8,
}

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(&mut self) {
        self.n = 1;
    }

    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
