use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo<T>(T);

#[plugin(kind = "tool", name = "echo")]
impl<T: Clone> Echo<T> {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
