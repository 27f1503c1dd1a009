#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger: std::fmt::Debug {
    async fn book(&self, cents: i64);
}

fn main() {}
