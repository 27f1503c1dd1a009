use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }

    #[hook(name = "echo")]
    fn other(&self) -> u8 {
        todo!()
    }
}

fn main() {}
