#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
trait Ledger {
    async fn book(&self, entries: &mut Vec<i64>);
}

fn main() {}
