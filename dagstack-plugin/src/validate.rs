//! JSON Schema validation (feature `validate`): says what is wrong with a value, all of it at once.

/// A compiled schema.
#[derive(Debug)]
pub struct Validator(#[allow(dead_code)] jsonschema::Validator);
