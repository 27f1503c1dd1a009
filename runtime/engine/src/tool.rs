//! The kind `tool`: each hook is one function; `get_schema` and `execute` are made from them.
//!
//! Plugin specification §2, kind `tool` v1.0.0. The same functions serve every runtime, so that a
//! tool answers the same wherever it runs.

use dagstack_plugin_core::object::Object;
use dagstack_plugin_core::{Declaration, HookError, Problem, args, code};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use dagstack_plugin_core::tool::{EXECUTE, GET_SCHEMA, KIND};

/// One function, as `get_schema` lists it.
pub fn function(name: &str, description: &str, parameters: &Map<String, Value>) -> Value {
    json!({ "name": name, "description": description, "parameters": parameters })
}

/// The functions of a tool plugin that are exposed: `[{name, description, parameters}]`.
pub fn functions(declaration: &Declaration) -> Value {
    declaration
        .exposed()
        .map(|(_, hook)| {
            function(
                hook.name,
                hook.description.unwrap_or_default(),
                &hook.schemas().input,
            )
        })
        .collect()
}

/// Checks that `get_schema` is given nothing.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`].
pub fn takes_nothing(plugin: &str, given: &Value) -> Result<(), HookError> {
    match given {
        Value::Null => Ok(()),
        Value::Object(map) if map.is_empty() => Ok(()),
        _ => Err(invalid(plugin, GET_SCHEMA, "it takes no arguments")),
    }
}

/// The arguments of `execute`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Execute {
    /// The function to run.
    pub function: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Map<String, Value>,
}

impl Execute {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`].
    pub fn read(plugin: &str, given: &Value) -> Result<Self, HookError> {
        let read = Object::deserialize(given).map(|Object(it)| it);
        read.map_err(|error| {
            let problem = crate::secrets::scrub(&error.to_string(), given).into_owned();
            let expected = "expected {\"function\": text, \"args\": object}";
            invalid(plugin, EXECUTE, &format!("{problem}; {expected}"))
        })
    }

    /// What `execute` answers when the function returned `outcome`: `{result, is_error,
    /// error_message?}`.
    ///
    /// # Errors
    ///
    /// A function's own failure is an answer. A call that was not made or not answered (arguments
    /// that do not fit, a caller or a connection that gave up) is an error, as in a direct call.
    pub fn answer(outcome: Result<Value, HookError>) -> Result<Value, HookError> {
        match outcome {
            Ok(value) => Ok(json!({ "result": value, "is_error": false })),
            Err(error) => match error.code() {
                code::INVALID_ARGUMENTS
                | code::UNKNOWN_HOOK
                | code::NOT_EXPOSED
                | code::CANCELLED
                | code::DEADLINE_EXCEEDED
                | code::TRANSPORT
                | code::UNAVAILABLE => Err(error),
                _ => Ok(json!({
                    "result": null,
                    "is_error": true,
                    "error_message": error.message(),
                })),
            },
        }
    }
}

pub(crate) fn invalid(plugin: &str, hook: &str, problem: &str) -> HookError {
    args::invalid(hook, &[Problem::new(format!("{plugin}.{hook}"), problem)])
}
