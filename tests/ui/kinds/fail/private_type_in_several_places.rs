use dagstack_plugin::prelude::*;

#[data]
struct Private;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self, it: Private) -> Vec<Private>;

    #[hook(dispatch = "singleton")]
    async fn g(&self) -> Option<Private>;
}

fn main() {}
