#![allow(unused)]

use dagstack_plugin::prelude::*;

struct View<'a>(&'a str);

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, view: View<'_>) -> u8 {
        loop {}
    }
}

fn main() {}
