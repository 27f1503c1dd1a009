//! JSON Schema validation (feature `validate`): says what is wrong with a value, all of it at once.

use std::fmt;

use serde_json::Value;

use crate::diagnose::{self, Unknown};
use crate::problem::Problem;
use crate::schema::Schema;

/// Every mistake in `value`, none if it fits `schema`. Paths begin with `path`.
///
/// Nothing is fetched: a schema that refers to another document is itself a problem. Formats are
/// annotations, as draft 2020-12 has it.
///
/// ```
/// use dagstack_plugin::validate::validate;
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": { "max_size": { "type": "integer", "minimum": 1 } },
///     "required": ["max_size"],
/// });
/// let schema = schema.as_object().unwrap();
///
/// assert!(validate("chunker.fixed", schema, &json!({ "max_size": 5 })).is_empty());
/// let problems = validate("chunker.fixed", schema, &json!({ "max_size": 0 }));
/// assert_eq!(
///     problems[0].to_string(),
///     "`chunker.fixed.max_size`: found 0; expected an integer of at least 1",
/// );
/// ```
pub fn validate(path: &str, schema: &Schema, value: &Value) -> Vec<Problem> {
    let findings = match Validator::new(schema).fits(value) {
        Ok(true) => return Vec::new(),
        Ok(false) => diagnose::explain(path, schema, value, Unknown::WhereForbidden),
        Err(error) => return vec![invalid_schema(path, error)],
    };
    if findings.is_empty() {
        return vec![unexplained(path)];
    }
    diagnose::problems(path, findings)
}

/// The problem of a schema that cannot be compiled.
pub(crate) fn invalid_schema(path: &str, error: &str) -> Problem {
    Problem::new(
        path,
        format!("cannot be checked, its schema is invalid: {error}"),
    )
}

/// The problem of a value that the validator refuses for a reason nobody can name.
pub(crate) fn unexplained(path: &str) -> Problem {
    Problem::new(path, "does not fit its schema")
}

/// A compiled schema, or why it could not be compiled.
pub(crate) struct Validator(Result<jsonschema::Validator, String>);

impl Validator {
    /// Compiles a schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        Self(compile(&Value::Object(schema.clone())))
    }

    /// Whether a value fits; an error if the schema itself is invalid.
    pub(crate) fn fits(&self, value: &Value) -> Result<bool, &str> {
        match &self.0 {
            Ok(validator) => Ok(validator.is_valid(value)),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Ok(_) => "Validator",
            Err(_) => "Validator (invalid schema)",
        })
    }
}

/// The constructor that is not generic: what is generic in jsonschema would be compiled here once
/// more, several megabytes of it. It fetches nothing (the features for that are off), takes formats
/// for annotations, and backtracks, within a limit, only on patterns that need it (look-around).
fn compile(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
}

/// One part of a schema, compiled on its own.
pub(crate) struct Part(Option<jsonschema::Validator>);

impl Part {
    /// Compiles a part; `root` has the definitions it may refer to.
    pub(crate) fn new(root: &Schema, mut part: Schema) -> Self {
        for shared in ["$schema", "$defs", "definitions"] {
            if let Some(definitions) = root.get(shared) {
                part.insert(shared.to_owned(), definitions.clone());
            }
        }
        Self(compile(&Value::Object(part)).ok())
    }

    /// Whether a value fits. A part that cannot be compiled on its own objects to nothing.
    pub(crate) fn fits(&self, value: &Value) -> bool {
        self.0
            .as_ref()
            .is_none_or(|validator| validator.is_valid(value))
    }
}
