use dagstack_plugin::prelude::*;

#[derive(Default)]
pub struct P;

#[plugin(kind = kinds::Chunker, name = "p")]
impl P {
    #[hook]
    fn f(&self, number: u8) -> u8 {
        number
    }
}

fn main() {}
