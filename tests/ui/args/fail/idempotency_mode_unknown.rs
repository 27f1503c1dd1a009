use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo", unit_of_work(idempotency_mode = "hash"))]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
