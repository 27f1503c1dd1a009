use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    const SIZE: usize;

    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<String>;
}

fn main() {}
