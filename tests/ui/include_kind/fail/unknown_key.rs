//! A key is misspelt.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/unknown_key.yaml");

fn main() {}
