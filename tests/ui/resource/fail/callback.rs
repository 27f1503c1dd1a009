#![allow(unused)]

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn watch(&self, changed: Box<dyn Fn(i64) + Send>);
}

fn main() {}
