#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
trait Ledger {}

fn main() {}
