use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[health]
    async fn health(&self) -> bool {
        true
    }

    #[hook]
    fn echo(&self) -> u8 {
        1
    }
}

fn main() {}
