// errors: 2
use dagstack_plugin::Secret;
use dagstack_plugin::prelude::*;

#[data]
struct Login {
    user: String,
}

#[data]
struct Config {
    login: Secret<Login>,
    key: Vec<Secret<std::path::PathBuf>>,
    pin: Option<Secret<String>>,
}

fn main() {}
