#![allow(unused)]

use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Fixed;

#[plugin(kind = Chunker, name = "fixed")]
#[dagstack_plugin::async_trait]
impl Chunker for Fixed {
    async fn chunk(
        &self,
        ctx: &HookContext,
        text: String,
        max_size: Option<usize>,
    ) -> Result<Vec<Chunk>, HookError> {
        Ok(vec![])
    }
}

fn main() {}
