#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data(Clone, Debug)]
struct Page {
    page_size: u8,
}
#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, page: Page) -> u8 {
        page.page_size
    }
}

fn main() {}
