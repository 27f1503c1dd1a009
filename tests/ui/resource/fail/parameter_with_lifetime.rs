#![allow(unused)]

use std::borrow::Cow;

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, account: Cow<'_, str>);
}

fn main() {}
