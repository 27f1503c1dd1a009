#![allow(unused)]

use dagstack_plugin::{HookContext, resource};

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, ctx: &HookContext, cents: i64);
}

fn main() {}
