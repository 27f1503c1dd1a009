#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Opaque;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[schemars(with = "String")] a: Opaque) -> u8 {
        0
    }
}

fn main() {}
