use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    async fn echo(&self) -> u8 {
        "one"
    }
}

fn main() {}
