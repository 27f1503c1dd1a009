use dagstack_plugin::prelude::*;

#[data]
struct Page {
    items: Vec<_>,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn count(&self, page: Page) -> usize {
        page.items.len()
    }
}

fn main() {}
