use dagstack_plugin::prelude::*;

#[data]
union Config {
    size: usize,
}

fn main() {
    let _ = Config { size: 1 };
}
