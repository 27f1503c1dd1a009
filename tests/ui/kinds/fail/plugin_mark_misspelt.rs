use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct P;

#[plugin(kind = Chunker, name = "p")]
impl P {
    #[hok]
    fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<Chunk> {
        vec![]
    }
}

fn main() {}
