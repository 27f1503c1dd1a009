#![allow(unused)]

use dagstack_plugin::prelude::*;

use chunker_kind::Chunk;
#[derive(Default)]
struct Whole;
#[plugin(kind = chunker_kind, name = "whole")]
impl Whole {
    #[hook]
    fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<Chunk> {
        vec![]
    }
}

fn main() {}
