//! JSON Schema validation (feature `validate`): says what is wrong with a value, all of it at once.

use std::fmt;

use serde_json::Value;

use crate::declaration::Declaration;
use crate::diagnose::{self, Unknown};
use crate::error::PluginError;
use crate::problem::Problem;
use crate::schema::Schema;
#[doc(hidden)]
pub use crate::schema::judge::Judge;

/// Every mistake in `value`, none if it fits `schema`. Paths begin with `path`.
///
/// Nothing is fetched: a schema that refers to another document is itself a problem. Formats are
/// annotations, as draft 2020-12 has it. A schema with anchors, dynamic references or `$id`s inside it
/// needs the feature `json-schema`; so does a pattern with look-around or back references, and one with
/// Unicode classes (`\p{L}`) that or `regex`. In patterns `\d`, `\w` and `\b` know ASCII only, as in
/// ECMAScript.
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

/// Compiles what calls of the plugin's hooks will be checked against, so that a schema that cannot be
/// is an error at setup. Where jsonschema is there for what is beyond our judge, calls do it.
///
/// # Errors
///
/// What is wrong with the schema, or which feature it needs.
pub(crate) fn check_schemas(declaration: &Declaration) -> Result<(), PluginError> {
    if cfg!(feature = "json-schema") {
        return Ok(());
    }
    for hook in declaration.hooks {
        let schemas = hook.schemas();
        if !schemas.input_constrains {
            continue;
        }
        let validator = schemas
            .input_validator
            .get_or_init(|| Validator::new(&schemas.input));
        if let Err(error) = &validator.0 {
            let path = format!("{}.{}", declaration.key(), hook.name);
            return Err(PluginError::new(invalid_schema(&path, error).to_string()));
        }
    }
    Ok(())
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

/// One part of a schema, compiled on its own.
pub(crate) struct Part(Option<Compiled>);

impl Part {
    /// Compiles a part; `root` has the definitions it may refer to.
    pub(crate) fn new(root: &Schema, mut part: Schema) -> Self {
        for shared in ["$schema", "$defs", "definitions"] {
            if let Some(definitions) = root.get(shared) {
                part.insert(shared.to_owned(), definitions.clone());
            }
        }
        Self(Compiled::new(&part).ok())
    }

    /// Whether a value fits. A part that cannot be compiled on its own objects to nothing.
    pub(crate) fn fits(&self, value: &Value) -> bool {
        self.0.as_ref().is_none_or(|compiled| compiled.fits(value))
    }
}
