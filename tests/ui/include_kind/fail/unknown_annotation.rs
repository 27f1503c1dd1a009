//! An annotation is misspelt.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/unknown_annotation.yaml");

fn main() {}
