// errors: 4

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn one(&self, text: &str) -> u8 {
        todo!()
    }

    #[hook]
    fn two(&mut self) -> u8 {
        todo!()
    }

    #[hook]
    fn three(&self, (a, b): (u8, u8), text: &String) -> u8 {
        todo!()
    }
}

fn use_of_the_plugin(echo: &Echo) {
    let _: &dyn dagstack_plugin::ErasedPlugin = echo;
    let _ = echo.one("");
}

fn main() {}
