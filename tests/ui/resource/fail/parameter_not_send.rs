#![allow(unused)]

use std::marker::PhantomData;

use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, place: PhantomData<*const u8>);
}

fn main() {}
