#![allow(unused)]

use dagstack_plugin::prelude::*;

#[dagstack_plugin::resource(name = "acme.ledger")]
pub trait Ledger {
    async fn get(&self, ctx: HookContext, key: String) -> u8;
}

fn main() {}
