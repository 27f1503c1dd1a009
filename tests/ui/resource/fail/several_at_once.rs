// errors: 4
#![allow(unused)]

use dagstack_plugin::{HookError, resource};

#[resource(name = "acme.ledger")]
trait Ledger {
    fn open(&self);
    async fn book(&self, account: &str, entries: &[i64]) -> i64;
    async fn close(&self) -> Result<(), HookError>;
}

// What uses the trait is no further mistake.
fn takes(ledger: &dyn Ledger) {}

fn main() {}
