use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker<T> {
    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: T) -> Vec<String>;
}

fn main() {}
