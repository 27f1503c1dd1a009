use dagstack_plugin::prelude::*;

struct Page;

#[derive(Default)]
struct Search;

#[plugin(kind = "tool", name = "search")]
impl Search {
    #[hook]
    fn find(&self, page: Page) -> u8 {
        1
    }

    #[hook]
    fn count(&self, page: Page) -> u8 {
        1
    }
}

fn main() {}
