use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[cfg(unix)]
    #[setup]
    fn setup() -> Self {
        Self
    }

    #[hook]
    fn echo(&self) -> u8 {
        todo!()
    }
}

fn main() {}
