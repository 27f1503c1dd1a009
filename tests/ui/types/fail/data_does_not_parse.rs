// errors: 2
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    offset: usize
    #[serde(default)]
    limit: usize,
}

#[data]
enum Order {
    Up,
    Down Side,
}

#[derive(Default)]
struct Search;

#[plugin(kind = "tool", name = "search")]
impl Search {
    #[hook]
    fn find(&self, page: Page, order: Order) -> Vec<Page> {
        vec![page]
    }
}

fn main() {}
