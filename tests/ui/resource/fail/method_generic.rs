#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book<T>(&self, amount: T) -> i64;
}

fn main() {}
