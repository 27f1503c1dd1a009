#![allow(unused)]

use dagstack_plugin::resource;

pub struct Entry;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn last(&self, account: String) -> Option<Entry>;
}

fn main() {}
