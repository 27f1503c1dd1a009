use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hok]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
