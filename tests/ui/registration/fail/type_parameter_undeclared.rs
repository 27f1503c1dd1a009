#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Cache<T>(T);
#[plugin(kind = "tool", name = "echo")]
impl Cache<T> {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
