#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
struct Ledger;

fn main() {}
