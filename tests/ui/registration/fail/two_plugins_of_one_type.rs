// errors: 1

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

#[plugin(kind = "tool", name = "other")]
impl Echo {
    #[hook]
    fn other(&self) {}
}

fn main() {}
