#![allow(unused)]

use dagstack_plugin::resource;

pub struct Entry;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, entry: Entry, cents: i64) -> i64;
}

fn main() {}
