// errors: 2
use dagstack_plugin::Secret;
use dagstack_plugin::prelude::*;

#[data]
struct Login {
    user: String,
}

#[data]
struct Key {
    bits: u8,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn log_in(&self, _login: Login, _held: Secret<Login>, _more: Option<Secret<Login>>) {}
    #[hook]
    fn key(&self, _key: Secret<Key>) {}
}

fn main() {}
