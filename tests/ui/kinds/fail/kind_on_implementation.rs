#![allow(unused)]
use dagstack_plugin::prelude::*;
#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton")]
    async fn get(&self, key: String) -> u8;
}
struct Mem;
#[kind(name = "store", version = "1.0.0")]
impl Store for Mem {
    #[hook]
    async fn get(&self, key: String) -> u8 {
        1
    }
}
fn main() {}
