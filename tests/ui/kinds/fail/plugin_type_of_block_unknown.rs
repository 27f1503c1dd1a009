#![allow(unused)]

use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Fixed;

#[plugin(kind = Chunker, name = "fixed")]
impl Fixt {
    #[hook]
    fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<Chunk> {
        vec![]
    }
}

fn main() {}
