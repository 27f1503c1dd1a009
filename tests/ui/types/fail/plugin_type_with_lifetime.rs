#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo<'a>(&'a str);

#[plugin(kind = "tool", name = "echo")]
impl<'a> Echo<'a> {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
