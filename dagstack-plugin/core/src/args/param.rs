//! A parameter of a hook, as its author wrote it.

use schemars::{Schema, SchemaGenerator};

/// The schema of an object whose one property is the parameter.
pub(crate) type Property = fn(&mut SchemaGenerator) -> Schema;

/// A parameter of a hook, as its author wrote it.
#[derive(Debug)]
pub struct Param {
    /// The name, as callers write it.
    pub name: &'static str,
    /// Other names by which it is read.
    pub aliases: &'static [&'static str],
    /// Whether something stands in where it is missing.
    pub(crate) has_default: bool,
    /// What the schema says of its type, where the hook is read parameter by parameter.
    pub(crate) property: Option<Property>,
    /// The text of its doc comment, where the property does not have it.
    pub(crate) doc: &'static str,
    /// Its fields stand among the arguments.
    pub is_flattened: bool,
}

impl Param {
    #[doc(hidden)]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Something stands in where it is missing: whoever takes it from its slot says what.
    #[doc(hidden)]
    pub const fn with_default(mut self) -> Self {
        self.has_default = true;
        self
    }

    /// The schema has more to say than its type does.
    #[doc(hidden)]
    pub const fn with_property(mut self, property: Property) -> Self {
        self.property = Some(property);
        self
    }

    /// Whether its type can be read and has a schema.
    pub(crate) fn is_described(&self) -> bool {
        self.property.is_some()
    }

    /// The names by which it is read.
    #[doc(hidden)]
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }

    /// One that is read with all others.
    pub const fn of_struct(name: &'static str, is_flattened: bool) -> Self {
        Self {
            name,
            aliases: &[],
            has_default: false,
            property: None,
            doc: "",
            is_flattened,
        }
    }
}
