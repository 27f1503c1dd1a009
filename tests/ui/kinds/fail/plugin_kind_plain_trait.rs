use dagstack_plugin::prelude::*;

trait Plain {}

impl Plain for Fixed {}

#[derive(Default)]
struct Fixed;

#[plugin(kind = Plain, name = "fixed")]
impl Fixed {
    #[hook]
    fn chunk(&self, text: String, _max_size: Option<usize>) -> Vec<String> {
        vec![text]
    }
}

fn main() {}
