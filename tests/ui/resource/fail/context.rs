#![allow(unused)]

use dagstack_plugin::{HookContext, resource};

#[resource]
trait Ledger {
    async fn book(&self, ctx: &HookContext, cents: i64);
}

fn main() {}
