#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
trait Ledger {
    async fn book(&self, account: &str) -> i64;
}

fn main() {}
