use dagstack_plugin::prelude::*;

#[data]
fn config() {}

fn main() {
    config();
}
