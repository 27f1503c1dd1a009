// errors: 2
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    #[serde(default)]
    text: String,
    text: String,
}

#[data]
enum Part {
    Text,
    Text,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn text(&self, page: Page) -> String {
        page.text
    }
}

fn main() {}
