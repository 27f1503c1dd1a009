//! A parameter of a hook, as its author wrote it.

use schemars::{Schema, SchemaGenerator};

/// The schema of an object whose one property, `value`, is of the type.
pub(crate) type Property = fn(&mut SchemaGenerator) -> Schema;

/// A parameter of a hook, as its author wrote it.
#[derive(Debug)]
pub struct Param {
    /// The name, as callers write it.
    pub name: &'static str,
    /// What the schema says of its type, where the hook is read parameter by parameter.
    pub(crate) property: Option<Property>,
    /// The text of its doc comment.
    pub(crate) doc: &'static str,
    /// Its fields stand among the arguments.
    pub is_flattened: bool,
}

impl Param {
    /// One that is read with all others.
    pub const fn of_struct(name: &'static str, is_flattened: bool) -> Self {
        Self {
            name,
            property: None,
            doc: "",
            is_flattened,
        }
    }
}
