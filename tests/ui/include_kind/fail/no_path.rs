//! No hookspec.

use dagstack_plugin::include_kind;

include_kind!();

fn main() {}
