//! The file is no YAML.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/bad_yaml.yaml");

fn main() {}
