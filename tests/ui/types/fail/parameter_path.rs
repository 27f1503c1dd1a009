#![allow(unused)]

use std::path::Path;

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, path: Path) -> u8 {
        loop {}
    }
}

fn main() {}
