//! A schema that says what a type cannot.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/keyword_not.yaml");

fn main() {}
