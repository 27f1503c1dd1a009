use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }

    fn helper<F: Fn(u8)>(f: F) -> {
        f(1)
    }
}

fn main() {}
