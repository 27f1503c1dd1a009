use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook(execution_model = "sync")]
    async fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
