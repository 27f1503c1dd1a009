//! What the macros expand to. Nothing here is public API, and any of it may change in a patch.

pub use dagstack_plugin_core::__private::*;

pub use crate::__dagstack_package as package;
pub use crate::__dagstack_then as then;
pub use dagstack_plugin_core::{__dagstack_hidden as hidden, __dagstack_items as items};
pub use dagstack_plugin_macros::Attributes;

/// A declaration with every default; the macro overrides what the author says.
pub const fn declaration(
    kind: &'static str,
    name: &'static str,
    type_path: &'static str,
    hooks: &'static [Hook],
    config_schema: fn() -> Schema,
) -> Declaration {
    Declaration {
        kind_spec: crate::kinds::spec_of(kind),
        ..Declaration::new(kind, name, type_path, hooks, config_schema)
    }
}
