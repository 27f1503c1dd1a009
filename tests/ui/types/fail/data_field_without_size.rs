#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
struct Page {
    text: str,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, pages: Vec<Page>) -> Page {
        loop {}
    }
}

fn main() {}
