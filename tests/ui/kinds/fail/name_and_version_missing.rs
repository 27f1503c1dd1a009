use dagstack_plugin::prelude::*;

#[kind]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self) -> u8;
}

fn main() {}
