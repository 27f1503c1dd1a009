#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> std::pin::Pin<Box<dyn Future<Output = u8> + Send>> {
        loop {}
    }
}

fn main() {}
