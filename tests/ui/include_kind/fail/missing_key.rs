//! A key is missing.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/missing_key.yaml");

fn main() {}
