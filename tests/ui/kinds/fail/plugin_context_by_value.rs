use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct P;

#[plugin(kind = Chunker, name = "p")]
impl P {
    #[hook]
    fn chunk(&self, text: String, max_size: Option<usize>, ctx: HookContext) -> Vec<Chunk> {
        vec![]
    }
}

fn main() {}
