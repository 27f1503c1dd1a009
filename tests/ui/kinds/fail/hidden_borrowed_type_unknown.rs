use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    fn chunk(&self, text: &[Text]) -> u8;
}

fn main() {}
