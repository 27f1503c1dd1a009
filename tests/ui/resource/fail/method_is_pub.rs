#![allow(unused)]

use dagstack_plugin::prelude::*;

#[dagstack_plugin::resource(name = "acme.ledger")]
pub trait Ledger {
    pub async fn book(&self, cents: i64) -> i64;
}

fn main() {}
