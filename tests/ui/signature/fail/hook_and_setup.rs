use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    #[setup]
    fn setup() -> Self {
        Self
    }
}

fn main() {}
