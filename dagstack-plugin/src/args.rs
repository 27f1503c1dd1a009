//! The arguments of a call: decoded straight into the hook's parameters; explained when they do not fit.

mod take;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::declaration::{Declaration, Hook};
use crate::diagnose::{self, Trial, Unknown};
use crate::error::{HookError, code};
use crate::plugin::Args;
use crate::problem::Problem;

/// Decodes the arguments of `hook`.
///
/// Arguments that decode are looked at again only where the hook's schema constrains more than the
/// Rust types do (`#[schemars(range(…))]` and the like), which needs the feature `validate`;
/// without it constraints are documentation.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`], listing every mistake by its full path.
pub fn decode<T: DeserializeOwned>(
    declaration: &Declaration,
    hook: &Hook,
    mut args: Args<'_>,
) -> Result<T, HookError> {
    let constrains = hook.schemas().input_constrains;
    // Serde would also take a struct from an array, so that is left to `explain`.
    let decoded = match &mut args {
        Args::Value(Value::Object(map)) => Some(T::deserialize(take::Taking {
            map,
            texts: if constrains { &[] } else { hook.texts },
        })),
        Args::Json(text) if starts_object(text) => Some(serde_json::from_str(text)),
        _ => None,
    };
    match decoded {
        Some(Ok(decoded)) => {
            if constrains {
                check(declaration, hook, &args, diagnose::trial::<T>)?;
            }
            Ok(decoded)
        }
        other => {
            let error = other.and_then(Result::err);
            Err(explain(
                declaration,
                hook,
                &args,
                error,
                diagnose::trial::<T>,
            ))
        }
    }
}

/// Arguments by name, as every runtime takes them: an object; `null` stands for none.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`] for anything else.
pub fn by_name(plugin: &str, hook: &str, args: Value) -> Result<Map<String, Value>, HookError> {
    let found = match args {
        Value::Object(map) => return Ok(map),
        Value::Null => return Ok(Map::new()),
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
    };
    let mut problem = Problem::new(
        format!("{plugin}.{hook}"),
        format!("the arguments are not an object: found {found}"),
    );
    problem.expected = Some("an object of the arguments by name".to_owned());
    Err(invalid(hook, &[problem]))
}

fn starts_object(json: &str) -> bool {
    json.trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
}

fn path(declaration: &Declaration, hook: &Hook) -> String {
    format!("{}.{}.{}", declaration.kind, declaration.name, hook.name)
}

/// Arguments that decoded, against the schema.
#[cfg(feature = "validate")]
fn check(
    declaration: &Declaration,
    hook: &Hook,
    args: &Args<'_>,
    trial: Trial,
) -> Result<(), HookError> {
    use crate::validate::{Validator, invalid_schema};

    let schemas = hook.schemas();
    let value = match args.to_value() {
        Ok(value) => value,
        Err(error) => return Err(no_json(declaration, hook, &error)),
    };
    let validator = schemas
        .input_validator
        .get_or_init(|| Validator::new(&schemas.input));
    let problems = match validator.fits(&value) {
        Ok(true) => return Ok(()),
        Ok(false) => {
            let base = path(declaration, hook);
            diagnose::unfit(&base, &schemas.input, &value, trial)
        }
        Err(error) => vec![invalid_schema(&path(declaration, hook), error)],
    };
    if problems.is_empty() {
        return Ok(());
    }
    Err(invalid(hook.name, &problems))
}

#[cfg(not(feature = "validate"))]
#[allow(clippy::unnecessary_wraps)]
fn check(_: &Declaration, _: &Hook, _: &Args<'_>, _: Trial) -> Result<(), HookError> {
    Ok(())
}

/// Why arguments did not decode.
#[cold]
fn explain(
    declaration: &Declaration,
    hook: &Hook,
    args: &Args<'_>,
    error: Option<serde_json::Error>,
    trial: Trial,
) -> HookError {
    let base = path(declaration, hook);
    let schema = &hook.schemas().input;
    let value = match args.to_value() {
        Ok(value) => value,
        Err(error) => return no_json(declaration, hook, &error),
    };
    let mut problems = if !value.is_object() {
        let what = "the arguments are not an object:";
        vec![diagnose::no_object(&base, schema, &value, what)]
    } else if diagnose::takes_nothing(schema) {
        diagnose::nothing_taken(&base, &value, "the hook takes no arguments")
    } else {
        diagnose::undecoded(&base, schema, &value, Unknown::WhereForbidden, trial)
    };
    if problems.is_empty() {
        // The text alone is wrong: a key that stands there twice.
        let message = error.map_or_else(
            || "the arguments do not fit".to_owned(),
            |error| error.to_string(),
        );
        problems.push(unlocated(&base, &message, &value));
    }
    invalid(hook.name, &problems)
}

fn unlocated(base: &str, message: &str, value: &Value) -> Problem {
    let message: String = crate::secrets::scrub(message, value).into();
    Problem::new(base, message)
}

#[cold]
fn no_json(declaration: &Declaration, hook: &Hook, error: &serde_json::Error) -> HookError {
    // Syntax errors name a place and do not quote the text.
    let problem = format!("the arguments are no valid JSON: {error}");
    let mut problem = Problem::new(path(declaration, hook), problem);
    problem.expected = Some("an object".to_owned());
    problem.example = diagnose::example_of(&hook.schemas().input);
    invalid(hook.name, &[problem])
}

/// The error of arguments that do not fit.
pub fn invalid(hook: &str, problems: &[Problem]) -> HookError {
    let mut message = format!("invalid arguments for `{hook}`");
    for problem in problems {
        message.push_str(&format!("\n  {problem}"));
    }
    HookError::new(code::INVALID_ARGUMENTS, message)
        .details(json!({ "hook": hook, "errors": problems }))
}
