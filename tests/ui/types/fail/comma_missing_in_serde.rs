// errors: 2
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    #[serde(default = "ten" rename = "size")]
    count: u8,
}

fn ten() -> u8 {
    10
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(default = "ten" rename = "size")] count: u8) -> u8 {
        count
    }
}

fn main() {}
