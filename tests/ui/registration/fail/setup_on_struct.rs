#![allow(unused)]

use dagstack_plugin::prelude::*;

#[setup]
struct Config {
    n: u8,
}

fn main() {}
