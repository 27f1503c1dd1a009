use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self, number) -> u8;

    #[hook(dispatch = "singleton")]
    async fn other(&self, number: u8) -> u8;
}

fn uses(_: &dyn K) {}

fn main() {}
