use dagstack_plugin::prelude::*;
use std::rc::Rc;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn f(&self, number: &Rc<u8>) -> u8;
}

#[derive(Default)]
pub struct P;

#[plugin(kind = K, name = "p")]
impl P {
    #[hook]
    async fn f(&self, number: &Rc<u8>) -> u8 {
        **number
    }
}

fn main() {}
