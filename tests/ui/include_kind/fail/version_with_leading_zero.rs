//! A leading zero is none of semver.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/version_with_leading_zero.yaml");

fn main() {}
