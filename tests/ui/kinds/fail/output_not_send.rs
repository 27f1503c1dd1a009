use dagstack_plugin::prelude::*;

use std::rc::Rc;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn chunk(&self, text: String) -> Rc<str>;
}

fn main() {}
