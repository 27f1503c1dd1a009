use dagstack_plugin::prelude::*;

use std::rc::Rc;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    async fn chunk(&self, text: Rc<str>) -> u8;
}

fn main() {}
