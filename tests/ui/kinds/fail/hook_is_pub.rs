#![allow(unused)]

use dagstack_plugin::prelude::*;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton")]
    pub async fn get(&self, key: String) -> u8;
    #[hook(dispatch = "singleton")]
    async fn put(&self, key: String) -> u8;
}
#[derive(Default)]
struct Mem;
#[plugin(kind = Store, name = "mem")]
impl Mem {
    #[hook]
    fn get(&self, key: String) -> u8 {
        1
    }
    #[hook]
    fn put(&self, key: String) -> u8 {
        1
    }
}

fn main() {}
