use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup(now)]
    fn setup() -> Self {
        Self
    }

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
