//! A type is replaced that is not there.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/unknown_replaced_type.yaml", types(Syer = String));

fn main() {}
