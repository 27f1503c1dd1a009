// errors: 3

use dagstack_plugin::prelude::*;

struct Foo;

struct Bar;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn one(&self, foo: Foo, bar: Bar) -> u8 {
        1
    }

    #[hook]
    async fn two(&self) -> Result<u8, Bar> {
        Ok(1)
    }
}

fn main() {}
