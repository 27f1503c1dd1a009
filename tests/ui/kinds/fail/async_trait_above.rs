use dagstack_plugin::prelude::*;

#[dagstack_plugin::async_trait]
#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self) -> u8;

    #[hook(dispatch = "singleton")]
    async fn other(&self, number: u8) -> u8;
}

fn main() {}
