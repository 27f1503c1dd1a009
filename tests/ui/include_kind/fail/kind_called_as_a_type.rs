//! The trait would be called as one of its types.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/kind_called_as_a_type.yaml");

fn main() {}
