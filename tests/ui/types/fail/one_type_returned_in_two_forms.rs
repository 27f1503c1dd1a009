use dagstack_plugin::prelude::*;

struct Page {
    text: String,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn first(&self) -> Option<Page> {
        None
    }
    #[hook]
    async fn all(&self) -> Result<Vec<Page>, HookError> {
        Ok(Vec::new())
    }
}

fn main() {}
