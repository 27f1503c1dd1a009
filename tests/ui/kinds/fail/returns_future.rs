#![allow(unused)]

use dagstack_plugin::prelude::*;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton")]
    fn keys(&self) -> impl std::future::Future<Output = u8>;
}

fn main() {}
