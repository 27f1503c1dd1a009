use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(&mut self, text: String) -> Vec<String>;
}

fn main() {}
