use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn f(&self, text: dyn ToString) -> u8;
}

fn main() {}
