use dagstack_plugin::prelude::*;

struct Echo(u8);

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setp]
    fn setup() -> Self {
        Self(1)
    }

    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
