#![allow(unused)]
use dagstack_plugin::prelude::*;
#[dagstack_plugin::resource(name = "acme.ledger")]
pub trait Ledger {
    fn book(&self, cents: i64) -> impl Future<Output = Result<i64, HookError>>;
}
fn main() {}
