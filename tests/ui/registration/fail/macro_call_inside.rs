use dagstack_plugin::prelude::*;

macro_rules! hooks {
    () => {};
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    hooks!();

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
