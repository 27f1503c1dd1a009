#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Opaque;

#[data]
struct Page {
    opaque: Opaque,
}

#[data]
struct Book {
    pages: Vec<Page>,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, pages: Vec<Book>) -> Book {
        loop {}
    }
}

fn main() {}
