//! A schema that is not there.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/missing_schema_file.yaml");

fn main() {}
