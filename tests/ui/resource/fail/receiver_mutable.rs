#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&mut self, cents: i64) -> i64;
}

fn main() {}
