use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "broadcast_collect", error_policy = "best")]
    async fn chunk(&self, text: String) -> Vec<String>;
}

fn main() {}
