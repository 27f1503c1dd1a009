#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {}

fn main() {}
