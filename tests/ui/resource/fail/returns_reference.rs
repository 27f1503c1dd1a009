#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn owner(&self) -> &str;
}

fn main() {}
