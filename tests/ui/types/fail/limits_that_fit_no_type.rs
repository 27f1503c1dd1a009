// errors: 5
use dagstack_plugin::prelude::*;

#[data]
struct Config {
    #[schemars(range(min = 10, max = 1))]
    a: u8,
    #[schemars(range(min = 1))]
    b: Option<String>,
    #[schemars(regex(pattern = "^a"))]
    c: u32,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(
        &self,
        #[schemars(length(min = 1))] n: usize,
        #[schemars(email)] to: Vec<String>,
    ) -> usize {
        n + to.len()
    }
}

fn main() {}
