use dagstack_plugin::prelude::*;

fn takes(size: usize) -> usize {
    size
}

fn other() -> String {
    String::new()
}

fn read(text: &str) -> u8 {
    0
}

#[data]
struct Config {
    #[serde(default = "takes")]
    a: usize,
    #[serde(default = "other")]
    b: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Vec<u8>,
    #[serde(deserialize_with = "read")]
    d: u8,
    #[serde(default = "nowhere")]
    e: u8,
    #[schemars(with = "Strin")]
    f: u8,
}

fn main() {}
