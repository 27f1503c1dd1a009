#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
enum Mode {
    #[default]
    Fast,
    Slow,
}
#[plugin(kind = "tool", name = "echo")]
impl Mode::Fast {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
