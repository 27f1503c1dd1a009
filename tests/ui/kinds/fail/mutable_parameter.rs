use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn chunk(&self, text: &mut String) -> u8;
}

fn main() {}
