#![allow(unused)]

use dagstack_plugin::prelude::*;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton")]
    fn get(&self, key: String) -> std::pin::Pin<Box<dyn std::future::Future<Output = u8> + Send>>;
}

fn main() {}
