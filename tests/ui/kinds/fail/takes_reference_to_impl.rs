use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn f(&self, text: &impl ToString) -> u8;
}

fn main() {}
