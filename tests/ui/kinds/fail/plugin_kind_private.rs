use dagstack_plugin::prelude::*;

mod inner {
    use dagstack_plugin::prelude::*;

    #[kind(name = "k", version = "1.0.0")]
    trait K {
        #[hook(dispatch = "singleton")]
        async fn f(&self, number: u8) -> u8;
    }
}

#[derive(Default)]
pub struct P;

#[plugin(kind = inner::K, name = "p")]
impl P {
    #[hook]
    fn f(&self, number: u8) -> u8 {
        number
    }
}

fn main() {}
