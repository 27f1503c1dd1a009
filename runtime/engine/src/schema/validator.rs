//! A schema compiled, by our own judge or, where it is beyond that, by jsonschema.

use std::fmt;

use serde_json::Value;

use super::judge::Judge;
use dagstack_plugin_core::Problem;
use dagstack_plugin_core::schema::Schema;

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
pub(crate) struct Validator(Result<Compiled, String>);

enum Compiled {
    Judge(Judge),
    /// For schemas that are beyond our judge.
    #[cfg(feature = "json-schema")]
    JsonSchema(jsonschema::Validator),
}

impl Compiled {
    fn new(schema: &Schema) -> Result<Self, String> {
        let judge = Judge::new(schema).map(Self::Judge);
        #[cfg(feature = "json-schema")]
        let judge = judge.or_else(|_| by_json_schema(schema).map(Self::JsonSchema));
        judge
    }

    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Judge(judge) => judge.fits(value),
            #[cfg(feature = "json-schema")]
            Self::JsonSchema(validator) => validator.is_valid(value),
        }
    }
}

/// The constructor that is not generic: what is generic in jsonschema would be compiled here once
/// more, several megabytes of it. It fetches nothing (the features for that are off), takes formats
/// for annotations, and backtracks, within a limit, only on patterns that need it (look-around).
#[cfg(feature = "json-schema")]
fn by_json_schema(schema: &Schema) -> Result<jsonschema::Validator, String> {
    jsonschema::draft202012::new(&Value::Object(schema.clone())).map_err(|error| error.to_string())
}

impl Validator {
    /// Compiles a schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        Self(Compiled::new(schema))
    }

    /// Compiles a part on its own; `root` has the definitions it may refer to.
    pub(crate) fn of_part(root: &Schema, mut part: Schema) -> Self {
        for shared in ["$schema", "$defs", "definitions"] {
            if let Some(definitions) = root.get(shared) {
                part.insert(shared.to_owned(), definitions.clone());
            }
        }
        Self::new(&part)
    }

    /// Why it could not be compiled.
    pub(crate) fn error(&self) -> Option<&str> {
        self.0.as_ref().err().map(String::as_str)
    }

    /// Whether a value fits; an error if the schema itself is invalid.
    pub(crate) fn fits(&self, value: &Value) -> Result<bool, &str> {
        match &self.0 {
            Ok(compiled) => Ok(compiled.fits(value)),
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
