#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, account: &str) -> i64;
}

fn main() {}
