use dagstack_plugin::prelude::*;
use std::rc::Rc;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn f(&self, number: Rc<u8>) -> u8;

    #[hook(dispatch = "singleton")]
    async fn more_0(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_1(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_2(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_3(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_4(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_5(&self, number: u8, text: String) -> String;

    #[hook(dispatch = "singleton")]
    async fn more_6(&self, number: u8, text: String) -> String;
}

#[derive(Default)]
pub struct P;

#[plugin(kind = K, name = "p")]
impl P {
    #[hook]
    async fn f(&self, number: Rc<u8>) -> u8 {
        *number
    }

    #[hook]
    async fn more_0(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_1(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_2(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_3(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_4(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_5(&self, _number: u8, text: String) -> String {
        text
    }

    #[hook]
    async fn more_6(&self, _number: u8, text: String) -> String {
        text
    }
}

fn main() {}
