#![allow(unused)]

use dagstack_plugin::prelude::*;

#[dagstack_plugin::resource(name = "acme.ledger")]
pub trait Ledger {
    async fn book(&self, cents: i64) -> i64;
}
struct Books;
#[dagstack_plugin::resource(name = "acme.ledger")]
impl Ledger for Books {
    async fn book(&self, cents: i64) -> Result<i64, HookError> {
        Ok(cents)
    }
}

fn main() {}
