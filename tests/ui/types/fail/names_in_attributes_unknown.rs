// errors: 4
use dagstack_plugin::prelude::*;

#[data]
struct Config {
    #[serde(default = "nowhere")]
    a: u8,
    #[schemars(with = "Digit")]
    b: u8,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(
        &self,
        #[serde(default = "nowhere")] a: u8,
        #[schemars(with = "Digit")] b: u8,
    ) -> u8 {
        a + b
    }
}

fn main() {}
