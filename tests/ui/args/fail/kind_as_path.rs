use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = Tool, name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
