use dagstack_plugin::prelude::*;

use chunker_kind::Chunk;

#[derive(Default)]
pub struct P;

#[plugin(kind = Chunk, name = "p")]
impl P {
    #[hook]
    fn f(&self, number: u8) -> u8 {
        number
    }
}

fn main() {}
