use dagstack_plugin::prelude::*;

trait Say {
    fn echo(&self, text: String) -> String;
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Say for Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
