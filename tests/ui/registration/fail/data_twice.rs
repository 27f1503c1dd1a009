#![allow(unused)]

use dagstack_plugin::prelude::*;

#[data]
#[data]
struct Page {
    n: u8,
}

fn main() {}
