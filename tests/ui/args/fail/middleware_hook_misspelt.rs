#![allow(unused)]

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "middleware", name = "echo", priority = 2000, chain_wrap(kinds = ["*"], hooks = ["*"]))]
impl Echo {
    #[hook]
    fn befor(&self, kind: String, plugin: String, hook: String) -> Result<(), HookError> {
        Ok(())
    }
}

fn main() {}
