// errors: 4
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    #[serde(rename = "size")]
    count: u8,
    size: u8,
}

#[data]
struct Sheet {
    #[serde(alias = "size")]
    count: u8,
    #[serde(rename = "length", alias = "size")]
    long: u8,
}

#[data]
enum Part {
    #[serde(rename = "b")]
    A,
    #[serde(rename = "b")]
    B,
    C {
        #[serde(rename = "y")]
        x: u8,
        y: u8,
    },
}

fn main() {}
