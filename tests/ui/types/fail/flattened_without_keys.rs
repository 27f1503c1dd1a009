// errors: 3
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    #[serde(flatten)]
    text: String,
    #[serde(flatten)]
    tags: Option<Vec<String>>,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, #[serde(flatten)] n: u8) -> u8 {
        n
    }
}

fn main() {}
