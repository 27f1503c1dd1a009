// errors: 2

use dagstack_plugin::prelude::*;

#[data]
struct Held {
    #[schemars(with = "Vec<")]
    a: u8,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[schemars(with = "Vec<")] n: u8) -> u8 {
        n
    }
}

fn main() {}
