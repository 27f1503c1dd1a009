use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk<T>(&self, text: T) -> Vec<String>;
}

fn main() {}
