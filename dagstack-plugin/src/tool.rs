//! The kind `tool`: each hook is one function; `get_schema` and `execute` are made from them.
//!
//! Plugin specification §2, kind `tool` v1.0.0.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::call::{call_at, output_of};
use crate::context::HookContext;
use crate::declaration::Declaration;
use crate::error::{HookError, code};
use crate::plugin::{Args, ErasedPlugin, Output};

/// The kind's name.
pub const KIND: &str = "tool";
/// The hook that lists the functions.
pub const GET_SCHEMA: &str = "get_schema";
/// The hook that runs one function.
pub const EXECUTE: &str = "execute";

/// The functions of a tool plugin: `[{name, description, parameters}]`.
pub fn functions(declaration: &Declaration) -> Value {
    declaration
        .hooks
        .iter()
        .map(|hook| {
            json!({
                "name": hook.name,
                "description": hook.description.unwrap_or_default(),
                "parameters": hook.schemas().input,
            })
        })
        .collect()
}

/// Answers `get_schema`.
pub(crate) fn get_schema(declaration: &Declaration, args: Args<'_>) -> Result<Output, HookError> {
    let given = args
        .to_value()
        .map_err(|error| invalid(GET_SCHEMA, &error.to_string()))?;
    match &*given {
        Value::Null => {}
        Value::Object(map) if map.is_empty() => {}
        _ => return Err(invalid(GET_SCHEMA, "it takes no arguments")),
    }
    Ok(output_of(args, functions(declaration)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Execute {
    function: String,
    #[serde(default)]
    args: Map<String, Value>,
}

/// Answers `execute {function, args}` with `{result, is_error, error_message?}`. A function's own
/// failure is such an answer; a call that cannot be made (no such function, arguments that do not
/// fit) is an error of the hook, as in a direct call.
pub(crate) async fn execute(
    plugin: &dyn ErasedPlugin,
    ctx: &HookContext,
    args: Args<'_>,
) -> Result<Output, HookError> {
    let given = args
        .to_value()
        .and_then(|value| Execute::deserialize(&*value))
        .map_err(|error| invalid(EXECUTE, &error.to_string()))?;
    let declaration = plugin.erased_declaration();
    let Some((index, _)) = declaration.hook(&given.function) else {
        return Err(declaration.unknown_hook(&given.function));
    };
    let arguments = Value::Object(given.args);
    let answer = match call_at(plugin, index, ctx, Args::Value(&arguments)).await {
        Ok(output) => json!({ "result": output.into_value()?, "is_error": false }),
        Err(error) => match error.code() {
            code::INVALID_ARGUMENTS | code::CANCELLED | code::DEADLINE_EXCEEDED => {
                return Err(error);
            }
            _ => json!({
                "result": null,
                "is_error": true,
                "error_message": error.message(),
            }),
        },
    };
    Ok(output_of(args, answer))
}

fn invalid(hook: &str, problem: &str) -> HookError {
    HookError::new(
        code::INVALID_ARGUMENTS,
        format!("invalid arguments for `{hook}`: {problem}"),
    )
    .details(json!({ "hook": hook, "errors": [{ "path": hook, "problem": problem }] }))
}
