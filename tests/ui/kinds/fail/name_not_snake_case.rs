use dagstack_plugin::prelude::*;

#[kind(name = "textChunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<String>;
}

fn main() {}
