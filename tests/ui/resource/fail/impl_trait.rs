#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, entries: impl Iterator<Item = i64>);
}

fn main() {}
