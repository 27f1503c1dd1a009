//! Capability dispatch without a capability.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/no_capability.yaml");

fn main() {}
