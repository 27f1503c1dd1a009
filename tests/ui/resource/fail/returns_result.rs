#![allow(unused)]

use dagstack_plugin::{HookError, resource};

#[resource(name = "acme.ledger")]
trait Ledger {
    async fn book(&self, cents: i64) -> Result<i64, HookError>;
}

fn main() {}
