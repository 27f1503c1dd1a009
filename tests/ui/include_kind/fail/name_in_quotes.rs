#![allow(unused)]

use dagstack_plugin::prelude::*;

dagstack_plugin::include_kind!("hookspecs/llm.yaml", as = "Llm");

fn main() {}
