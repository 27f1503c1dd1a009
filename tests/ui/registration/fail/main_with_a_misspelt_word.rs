#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn resources() -> dagstack_plugin::resources::ResourceSet {
    Default::default()
}

dagstack_plugin::main!(Echo, resource = resources);
