use dagstack_plugin::prelude::*;

fn takes(size: usize) -> usize {
    size
}

fn read(text: &str) -> u8 {
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
        #[serde(default = "Self::nowhere")] b: usize,
        #[serde(deserialize_with = "read")] c: u8,
        #[schemars(with = "Strin")] d: u8,
    ) -> usize {
        a + b
    }
}

fn main() {}
