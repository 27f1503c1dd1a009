#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook(name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    fn echo(&self) {}
}

fn main() {}
