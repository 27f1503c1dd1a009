// errors: 3
use dagstack_plugin::prelude::*;

#[data]
struct Page {
    tags: Vec<Tag>,
    hash: [u8; LEN],
}

#[data]
enum Part {
    Tags { tags: Option<Vec<Tag>> },
}

fn main() {}
