//! The JSON forms of a kind's arguments and results: what the code that `#[kind]` writes calls.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{HookError, code};
use crate::kind::{KindHook, KindSpec};
use crate::schema::Schema;
use crate::undecoded::{self, Undecoded};
use crate::{args, diagnose, encode, numbers};

/// The arguments of a call, by name.
pub fn by_name<const N: usize>(args: [(&'static str, Value); N]) -> Value {
    let mut map = Map::new();
    for (name, value) in args {
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

/// The arguments of a call, by name, without those of `left_out` that are `null`.
pub fn by_name_without<const N: usize>(
    args: [(&'static str, Value); N],
    left_out: &[&str],
) -> Value {
    let mut map = Map::new();
    for (name, value) in args {
        if !(value.is_null() && left_out.contains(&name)) {
            map.insert(name.to_owned(), value);
        }
    }
    Value::Object(map)
}

/// One argument as a value.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`].
pub(crate) fn write_arg<T: Serialize + ?Sized>(
    kind: &KindSpec,
    hook: usize,
    param: usize,
    arg: &T,
) -> Result<Value, HookError> {
    encode::to_value(arg).map_err(|error| {
        let hook = hook_of(kind, hook);
        let param = hook.params.get(param).copied().unwrap_or_default();
        HookError::new(
            code::INVALID_ARGUMENTS,
            format!(
                "the argument `{param}` of hook `{}` has no JSON form: {error}",
                hook.name
            ),
        )
        .as_clean()
    })
}

/// Reads the arguments of a hook, an object.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`].
pub(crate) fn read_args<T: DeserializeOwned>(
    kind: &KindSpec,
    hook: usize,
    args: Value,
) -> Result<T, HookError> {
    let hook = hook_of(kind, hook);
    // Serde would also take a struct from an array.
    let args = Value::Object(args::by_name(kind.name, hook.name, args)?);
    read(&args, hook.input_schema).map_err(|(failure, schema)| {
        let problem = diagnose::of_serde(&base(kind, hook), &schema, &failure, &args);
        args::invalid(hook.name, &[problem])
    })
}

/// A hook's result as a value.
///
/// # Errors
///
/// [`code::RESULT_NOT_SERIALISABLE`].
pub(crate) fn write_output<T: Serialize + ?Sized>(
    kind: &KindSpec,
    hook: usize,
    output: &T,
) -> Result<Value, HookError> {
    encode::to_value(output).map_err(|error| {
        HookError::new(
            code::RESULT_NOT_SERIALISABLE,
            format!(
                "the result of hook `{}` has no JSON form: {error}",
                hook_of(kind, hook).name
            ),
        )
    })
}

/// Reads a hook's result.
///
/// # Errors
///
/// [`code::INVALID_RESULT`].
pub(crate) fn read_output<T: DeserializeOwned>(
    kind: &KindSpec,
    hook: usize,
    output: Value,
) -> Result<T, HookError> {
    let hook = hook_of(kind, hook);
    read(&output, hook.output_schema).map_err(|(failure, schema)| {
        let problem = diagnose::of_serde(&base(kind, hook), &schema, &failure, &output);
        HookError::new(
            code::INVALID_RESULT,
            format!(
                "the result of hook `{}` is not what the kind says: {problem}",
                hook.name
            ),
        )
    })
}

/// The value given to [`HookError::stop`]; `None` if this is another error.
pub(crate) fn stopped_with<T: DeserializeOwned>(error: &HookError) -> Option<Result<T, HookError>> {
    if error.code() != code::STOP {
        return None;
    }
    let value = error.get_details()?.get("value")?;
    Some(numbers::from_value(value).map_err(|error| {
        HookError::new(
            code::INVALID_RESULT,
            format!("the chain was stopped with a value that does not fit it: {error}"),
        )
    }))
}

/// A schema that was written out; not one that is no JSON object.
pub fn literal_schema(json: &str) -> Option<Schema> {
    serde_json::from_str(json).ok()
}

/// Decodes without serde's paths first: they cost, and most values fit. As JSON Schema has it, `5.0` is
/// an integer.
fn read<T: DeserializeOwned>(
    value: &Value,
    schema: fn() -> Option<Schema>,
) -> Result<T, (Undecoded, Schema)> {
    if let Ok(read) = T::deserialize(value) {
        return Ok(read);
    }
    let schema = schema().unwrap_or_default();
    for everywhere in [false, true] {
        if let Some(respelt) = numbers::respelt(value, Some(&schema), everywhere)
            && let Ok(read) = T::deserialize(&respelt)
        {
            return Ok(read);
        }
    }
    undecoded::decode(value).map_err(|failure| (failure, schema))
}

fn base(kind: &KindSpec, hook: &KindHook) -> String {
    format!("{}.{}", kind.name, hook.name)
}

fn hook_of(kind: &KindSpec, hook: usize) -> &'static KindHook {
    &kind.hooks[hook]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b06_a_chain_may_stop_with_an_integer_that_has_a_fraction() {
        let stopped = |value: Value| stopped_with::<Vec<u8>>(&HookError::stop(&value));
        assert_eq!(stopped(json!([5.0, 5])), Some(Ok(vec![5, 5])));
        let error = stopped(json!([5.5])).unwrap().unwrap_err();
        assert_eq!(error.code(), code::INVALID_RESULT);
    }
}
