//! Two definitions of one name.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/two_types_of_one_name.yaml");

fn main() {}
