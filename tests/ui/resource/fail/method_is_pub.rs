#![allow(unused)]

use dagstack_plugin::prelude::*;

#[dagstack_plugin::resource]
pub trait Ledger {
    pub async fn book(&self, cents: i64) -> i64;
}

fn main() {}
