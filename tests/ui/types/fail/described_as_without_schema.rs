use dagstack_plugin::prelude::*;

struct Opaque;

#[data]
struct Page {
    offset: usize,
    #[schemars(with = "Opaque")]
    limit: usize,
}

fn main() {}
