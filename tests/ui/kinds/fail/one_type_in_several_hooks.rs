use dagstack_plugin::prelude::*;

pub struct Page;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton")]
    async fn get(&self, name: String) -> Option<Page>;
    #[hook(dispatch = "singleton")]
    async fn put(&self, page: Page);
    #[hook(dispatch = "broadcast_collect")]
    async fn all(&self) -> Vec<Page>;
}

fn main() {}
