#![allow(unused)]

use dagstack_plugin::prelude::*;

#[dagstack_plugin::resource]
pub trait Ledger {
    async fn book(&self, cents: i64) -> i64;
}
struct Books;
#[dagstack_plugin::resource]
impl Ledger for Books {
    async fn book(&self, cents: i64) -> Result<i64, HookError> {
        Ok(cents)
    }
}

fn main() {}
