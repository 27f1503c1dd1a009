#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Opaque;

#[data]
#[serde(tag = "kind")]
enum Page {
    Empty,
    Full { opaque: Opaque },
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
