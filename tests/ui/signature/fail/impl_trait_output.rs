use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self) -> impl Iterator<Item = u8> {
        std::iter::empty()
    }
}

fn main() {}
