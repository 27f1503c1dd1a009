use dagstack_plugin::prelude::*;

struct Page {
    text: String,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, page: Page) -> Page {
        page
    }
    #[hook]
    async fn all(&self, pages: Vec<Page>) -> Result<Vec<Page>, HookError> {
        Ok(pages)
    }
}

fn main() {}
