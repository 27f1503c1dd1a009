//! A dispatch class that does not exist.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/bad_dispatch.yaml");

fn main() {}
