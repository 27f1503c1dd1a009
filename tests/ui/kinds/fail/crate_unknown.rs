use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0", crate = ::dagstack)]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self) -> u8;
}

fn uses(_: &dyn K) {}

fn main() {}
