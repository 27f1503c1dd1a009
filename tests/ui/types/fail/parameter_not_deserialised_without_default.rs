#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Opaque;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(skip_deserializing)] a: Opaque, b: u8) -> u8 {
        b
    }
}

fn main() {}
