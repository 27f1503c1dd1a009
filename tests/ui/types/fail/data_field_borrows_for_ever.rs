use dagstack_plugin::prelude::*;

#[data]
struct Page {
    title: &'static str,
    #[serde(skip)]
    unit: &'static str,
    tag: std::borrow::Cow<'static, str>,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn title(&self, page: Page) -> usize {
        page.title.len() + page.unit.len() + page.tag.len()
    }
}

fn main() {}
