//! YAML reads `1.0` as a number.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/version_is_a_number.yaml");

fn main() {}
