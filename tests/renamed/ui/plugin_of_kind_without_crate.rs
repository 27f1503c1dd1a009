use dsp::prelude::*;

#[kind(name = "k", version = "1.0.0", crate = ::dsp)]
pub trait K {
    #[hook(dispatch = "singleton")]
    async fn f(&self, number: u8) -> u8;
}

#[derive(Default)]
struct P;

#[plugin(kind = K, name = "p")]
impl P {
    #[hook]
    fn f(&self, number: u8) -> u8 {
        number
    }
}

fn main() {}
