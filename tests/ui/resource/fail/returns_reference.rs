#![allow(unused)]

use dagstack_plugin::resource;

#[resource]
trait Ledger {
    async fn owner(&self) -> &str;
}

fn main() {}
