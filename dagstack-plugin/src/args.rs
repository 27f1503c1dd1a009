//! The arguments of a call: decoded straight into the hook's parameters; explained when they do not fit.

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::declaration::{Declaration, Hook};
use crate::error::{HookError, code};
use crate::plugin::Args;
use crate::problem::Problem;

/// Decodes the arguments of `hook`.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`], listing every mistake by its full path.
pub fn decode<T: DeserializeOwned>(
    declaration: &Declaration,
    hook: &Hook,
    args: Args<'_>,
) -> Result<T, HookError> {
    let decoded = match args {
        Args::Value(value) => T::deserialize(value),
        Args::Json(text) => serde_json::from_str(text),
    };
    decoded.map_err(|error| {
        let path = format!("{}.{}.{}", declaration.kind, declaration.name, hook.name);
        invalid(hook.name, &[Problem::new(path, error.to_string())])
    })
}

/// The error of arguments that do not fit.
pub(crate) fn invalid(hook: &str, problems: &[Problem]) -> HookError {
    let mut message = format!("invalid arguments for `{hook}`");
    for problem in problems {
        message.push_str(&format!("\n  {problem}"));
    }
    HookError::new(code::INVALID_ARGUMENTS, message)
        .details(json!({ "hook": hook, "errors": problems }))
}
