use dagstack_plugin::prelude::*;

pub struct Chunk;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: String) -> Vec<Chunk>;
}

fn main() {}
