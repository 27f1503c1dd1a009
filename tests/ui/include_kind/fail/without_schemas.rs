//! A hook whose types nothing tells.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/without_schemas.yaml");

fn main() {}
