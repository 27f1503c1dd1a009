use dagstack_plugin::prelude::*;

#[data]
pub struct Text {
    text: String,
}

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "broadcast_collect")]
    async fn chunk(&self, text: Text) -> Vec<String>;
}

fn main() {}
