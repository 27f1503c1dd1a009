use dagstack_plugin::prelude::*;

#[data]
#[derive(Debug, serde::Deserialize)]
struct Config {
    size: usize,
}

fn main() {
    println!("{:?}", Config { size: 1 });
}
