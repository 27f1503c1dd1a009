use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self, #[nope] number: u8) -> u8;
}

fn main() {}
