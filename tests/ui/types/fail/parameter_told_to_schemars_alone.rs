// errors: 4

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(
        &self,
        #[schemars(default)] a: u8,
        #[schemars(skip)] b: u8,
        #[serde(rename = "x")]
        #[schemars(rename = "y")]
        c: u8,
        #[schemars(flatten)] d: BTreeMap<String, u8>,
        // These are so.
        #[serde(default)]
        #[schemars(skip)]
        e: u8,
        #[serde(rename = "z")]
        #[schemars(rename = "z")]
        f: u8,
        #[schemars(skip)] g: Option<u8>,
    ) -> u8 {
        todo!()
    }
}

fn main() {}
