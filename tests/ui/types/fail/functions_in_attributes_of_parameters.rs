// errors: 2
use dagstack_plugin::prelude::*;

fn takes(size: usize) -> usize {
    size
}

fn read(_text: &str) -> u8 {
    0
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(
        &self,
        #[serde(default = "takes")] a: usize,
        #[serde(deserialize_with = "read")] c: u8,
    ) -> usize {
        a + usize::from(c)
    }
}

fn main() {}
