//! A parameter with the name of the context.

use dagstack_plugin::include_kind;

include_kind!("hookspecs/parameter_ctx.yaml");

fn main() {}
