use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
#[dagstack_plugin::resource(name = "acme.k")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self) -> u8;
}

fn main() {}
