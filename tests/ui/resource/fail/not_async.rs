#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    fn book(&self, cents: i64) -> i64;
}

fn main() {}
