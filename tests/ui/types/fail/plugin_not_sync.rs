use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo {
    calls: std::cell::Cell<u8>,
}

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    async fn echo(&self) -> u8 {
        self.calls.get()
    }
}

fn main() {}
