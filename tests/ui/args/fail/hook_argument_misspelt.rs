use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook(mcp_expose = false)]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
