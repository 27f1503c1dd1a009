#![allow(unused)]

use dagstack_plugin::resource;

#[resource(nmae = "acme.ledger")]
trait Ledger {
    async fn book(&self, cents: i64);
}

fn main() {}
