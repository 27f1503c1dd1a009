use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[cfg(unix)] text: String) -> u8 {
        todo!()
    }
}

fn main() {}
