use dagstack_plugin::prelude::*;

struct Private;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn f(&self, name: String, it: Private) -> u8;
}

fn main() {}
