#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
trait Ledger: std::fmt::Debug {
    async fn book(&self, cents: i64);
}

fn main() {}
