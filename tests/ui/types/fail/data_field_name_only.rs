use dagstack_plugin::prelude::*;

#[data]
struct Page {
    n: u8,
    text
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn n(&self, page: Page) -> u8 {
        page.n
    }
}

fn main() {}
