use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "broadcast_notify")]
    async fn done(&self, text: String) -> bool;
}

fn main() {}
