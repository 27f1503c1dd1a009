// errors: 4

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "Echo", tryfirst, trylast, zebra = 1, priority = -1)]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
