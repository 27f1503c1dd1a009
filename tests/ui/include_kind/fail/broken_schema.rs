//! A schema that is no JSON.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/broken_schema.yaml");

fn main() {}
