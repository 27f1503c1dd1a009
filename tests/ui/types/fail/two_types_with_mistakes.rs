// errors: 2
use dagstack_plugin::prelude::*;

struct Page;
struct Query;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn find(&self, query: Vec<Query>) -> Vec<Page> {
        Vec::new()
    }
}

fn main() {}
