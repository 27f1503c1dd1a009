//! A plugin's config: decoded from its section, checked against its schema, errors by full path.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::declaration::Declaration;
use crate::problem::Problem;

/// What a config type must be able to do. `#[data]` on a struct makes it so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plugin's config",
    label = "this type cannot be read as a config",
    note = "put `#[data]` on the type, or derive serde's `Deserialize` and schemars 1's `JsonSchema`"
)]
pub trait Config: DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<C: DeserializeOwned + JsonSchema + Send + Sync + 'static> Config for C {}

/// The config of a plugin that has none: only an empty section fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// A config section that does not fit: every mistake, by its full path.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConfigInvalid {
    /// The section, `<kind>.<name>`.
    pub section: String,
    /// The mistakes, at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid config for `{}`", self.section)?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigInvalid {}

/// Decodes a config section; `null` means an empty one.
///
/// # Errors
///
/// When the section does not fit `C`, its schema, or has keys that `C` does not know.
pub fn decode<C: Config>(declaration: &Declaration, section: Value) -> Result<C, ConfigInvalid> {
    let section = if section.is_null() {
        Value::Object(Map::new())
    } else {
        section
    };
    C::deserialize(&section).map_err(|error| ConfigInvalid {
        section: format!("{}.{}", declaration.kind, declaration.name),
        problems: vec![Problem::new(
            format!("{}.{}", declaration.kind, declaration.name),
            error.to_string(),
        )],
    })
}
