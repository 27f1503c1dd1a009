use dagstack_plugin::Secret;
use dagstack_plugin::prelude::*;

#[data]
struct Login {
    user: String,
}

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, login: Option<Secret<Login>>) -> bool {
        login.is_some()
    }
}

fn main() {}
