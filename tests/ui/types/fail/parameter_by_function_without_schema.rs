#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Opaque;

fn opaque<'de, D: serde::Deserializer<'de>>(_: D) -> Result<Opaque, D::Error> {
    Ok(Opaque)
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(deserialize_with = "opaque")] a: Opaque) -> u8 {
        0
    }
}

fn main() {}
