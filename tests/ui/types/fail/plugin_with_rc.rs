use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo {
    calls: std::rc::Rc<u8>,
}

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    async fn echo(&self) -> u8 {
        *self.calls
    }
}

fn main() {}
