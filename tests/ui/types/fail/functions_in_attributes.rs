// errors: 4
use dagstack_plugin::prelude::*;

fn takes(size: usize) -> usize {
    size
}

fn other() -> String {
    String::new()
}

fn is_low(n: &u8) -> bool {
    *n == 0
}

fn read(_text: &str) -> u8 {
    0
}

#[data]
struct Config {
    #[serde(default = "takes")]
    a: usize,
    #[serde(default = "other")]
    b: usize,
    #[serde(default, skip_serializing_if = "is_low")]
    c: Vec<u8>,
    #[serde(deserialize_with = "read")]
    d: u8,
}

fn main() {}
