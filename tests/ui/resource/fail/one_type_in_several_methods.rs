use dagstack_plugin::resource;

pub struct Page;

#[resource(name = "acme.store")]
pub trait Store {
    async fn get(&self, name: String) -> Option<Page>;
    async fn put(&self, page: Page);
    async fn all(&self) -> Vec<Page>;
}

fn main() {}
