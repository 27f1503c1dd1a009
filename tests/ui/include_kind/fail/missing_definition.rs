//! A reference to a definition that is not there.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/missing_definition.yaml");

fn main() {}
