use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[cfg_attr(unix, hook)]
    fn one(&self) {}

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
