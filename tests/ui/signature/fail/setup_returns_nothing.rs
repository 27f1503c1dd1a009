use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup() {}

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
