use dagstack_plugin::prelude::*;

#[plugin(kind = "tool", name = "echo")]
struct Echo;

fn main() {
    let _ = Echo;
}
