use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "capability", extension = "path")]
    async fn chunk(&self, path: usize) -> Vec<String>;
}

fn main() {}
