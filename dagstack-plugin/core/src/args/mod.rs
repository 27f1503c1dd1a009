//! The arguments of a call, read by the hook's own slots.

pub(crate) mod arguments;
pub(crate) mod param;
mod slot;

pub use arguments::{Arguments, Encoding};
pub use param::Param;
use serde_json::{Map, Value, json};
pub use slot::{Fill, Input, NoSlot, Slot};

use crate::error::{HookError, code};
use crate::problem::Problem;

/// Arguments by name, as every runtime takes them: an object; `null` stands for none.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`] for anything else.
pub fn by_name(plugin: &str, hook: &str, args: Value) -> Result<Map<String, Value>, HookError> {
    let found = match args {
        Value::Object(map) => return Ok(map),
        Value::Null => return Ok(Map::new()),
        other => crate::json_type(&other),
    };
    let mut problem = Problem::new(
        format!("{plugin}.{hook}"),
        format!("the arguments are not an object: found {found}"),
    );
    problem.expected = Some("an object of the arguments by name".to_owned());
    Err(invalid(hook, &[problem]))
}

/// The error of arguments that do not fit.
pub fn invalid(hook: &str, problems: &[Problem]) -> HookError {
    let mut message = format!("invalid arguments for `{hook}`");
    for problem in problems {
        message.push_str(&format!("\n  {problem}"));
    }
    HookError::new(code::INVALID_ARGUMENTS, message)
        .details(json!({ "hook": hook, "errors": problems }))
        .as_clean()
}
