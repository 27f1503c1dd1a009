#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: std::borrow::Cow<'a, str>) -> u8 {
        loop {}
    }
}

fn main() {}
