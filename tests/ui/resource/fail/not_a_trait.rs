#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
struct Ledger;

fn main() {}
