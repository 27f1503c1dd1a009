#![allow(unused)]

use std::sync::mpsc::Receiver;

use dagstack_plugin::resource;

#[resource]
trait Ledger {
    async fn book_all(&self, entries: Receiver<i64>);
}

fn main() {}
