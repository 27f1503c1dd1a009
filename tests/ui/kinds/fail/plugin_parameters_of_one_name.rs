#![allow(unused)]

use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Fixed;

#[plugin(kind = Chunker, name = "fixed")]
impl Fixed {
    #[hook]
    fn chunk(&self, text: String, text: Option<usize>) -> Vec<Chunk> {
        vec![]
    }
}

fn main() {}
