#![allow(unused)]

use dagstack_plugin::prelude::*;

use std::borrow::Cow;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: Cow<'_, str>) -> u8 {
        loop {}
    }
}

fn main() {}
