use dagstack_plugin::prelude::*;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self, type: u8) -> u8;

    #[hook(dispatch = "singleton")]
    async fn other(&self, number: u8) -> u8;
}

fn uses(_: &dyn K) {}

#[derive(Default)]
pub struct P;

#[plugin(kind = K, name = "p")]
impl P {
    #[hook]
    fn other(&self, number: u8) -> u8 {
        number
    }
}

fn main() {}
