use dagstack_plugin::Secret;
use dagstack_plugin::prelude::*;

#[data]
struct Config {
    key: Secret<str>,
}

fn main() {}
