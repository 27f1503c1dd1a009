use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[teardown]
    fn teardown(&self) -> bool {
        true
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
