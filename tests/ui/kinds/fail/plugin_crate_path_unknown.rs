use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
pub struct P;

#[plugin(kind = Chunker, name = "p", crate = crate::sdk)]
impl P {
    #[hook]
    fn chunk(&self, _text: String, _max_size: Option<usize>) -> Vec<Chunk> {
        Vec::new()
    }
}

fn main() {}
