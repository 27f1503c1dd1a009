// errors: 3
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    title: &str,
    tags: Vec<&'a str>,
}

#[data]
enum Part {
    Text(std::borrow::Cow<'_, str>),
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn title(&self, page: Page) -> usize {
        page.title.len()
    }
}

fn main() {}
