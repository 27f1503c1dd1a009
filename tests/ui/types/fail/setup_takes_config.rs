#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
struct Config {}

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(_config: &Config) -> Self {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
