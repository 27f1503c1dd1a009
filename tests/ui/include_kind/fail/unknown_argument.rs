//! An argument that does not exist.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/kind_called_as_a_type.yaml", name = Sayers);

fn main() {}
