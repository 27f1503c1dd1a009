//! The file is not there.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/nowhere.yaml");

fn main() {}
