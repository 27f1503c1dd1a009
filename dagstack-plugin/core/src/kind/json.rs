//! The JSON forms of a kind's arguments and results: what the code that `#[kind]` writes calls.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::args::arguments::read_map;
use crate::args::{Fill, Param};
use crate::error::{HookError, code};
use crate::kind::{KindHook, KindSpec};
use crate::schema::{self, Schema};
use crate::{args, encode, numbers, undecoded};

/// The arguments of a call, by name.
pub fn by_name<const N: usize>(args: [(&'static str, Value); N]) -> Value {
    by_name_without(args, &[])
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
pub fn read_args(
    kind: &KindSpec,
    index: usize,
    params: &'static [Param],
    args: Value,
    slots: &mut [&mut dyn Fill],
) -> Result<(), HookError> {
    if !params.iter().all(Param::is_described) {
        return Err(kind.not_exposed(index));
    }
    let hook = hook_of(kind, index);
    let mut args = args::by_name(kind.name, hook.name, args)?;
    if read_map(&mut args, params, slots, true, false).is_ok() {
        return Ok(());
    }
    let mut args = Value::Object(args);
    // As JSON Schema has it, `5.0` is an integer.
    if let Some(Value::Object(mut again)) = numbers::respelt_anywhere(&args)
        && read_map(&mut again, params, slots, true, false).is_ok()
    {
        return Ok(());
    }
    let traced = match &mut args {
        Value::Object(args) => read_map(args, params, slots, false, true),
        _ => Ok(()),
    };
    traced.map_err(|error| {
        let schema = (hook.input_schema)();
        let problem = error.problem(&base(kind, hook), &args, schema.as_ref());
        args::invalid(hook.name, &[problem])
    })
}

/// The schema of a hook's arguments; `None` where one of them has no JSON form.
pub fn parameters(params: &[Param]) -> Option<Schema> {
    let is_described = params.iter().all(Param::is_described);
    is_described.then(|| schema::of_params(params))
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
    undecoded::from_value(&output).map_err(|error| {
        let schema = (hook.output_schema)();
        let problem = error.problem(&base(kind, hook), &output, schema.as_ref());
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
    fn b20_what_a_schema_marks_is_quoted_by_no_error_of_a_kind() {
        type Pins = Vec<crate::Secret<String>>;
        static HOOKS: [KindHook; 1] = [KindHook {
            params: &["pins"],
            input_schema: || parameters(&PARAMS),
            output_schema: || Some(schema::typed_output::<Pins>()),
            ..KindHook::new("open", crate::kind::Dispatch::Singleton)
        }];
        static PARAMS: [Param; 1] = [args::Input::<Pins>::of().param("pins", "")];
        let kind = KindSpec {
            name: "safe",
            version: "1.0.0",
            description: None,
            constraints: &[],
            hooks: &HOOKS,
        };
        let mut slot = args::Slot::<Pins>::new(const { &args::Input::of() });
        let taken = json!({ "pins": "hunter2-hunter2" });
        let taken = read_args(&kind, 0, &PARAMS, taken, &mut [&mut slot]).unwrap_err();
        let returned = read_output::<Pins>(&kind, 0, json!([27_182_818])).unwrap_err();
        for error in [taken, returned] {
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("does not fit"), "{shown}");
            assert!(
                !shown.contains("hunter2") && !shown.contains("27182"),
                "{shown}"
            );
        }
    }

    #[test]
    fn b06_a_chain_may_stop_with_an_integer_that_has_a_fraction() {
        let stopped = |value: Value| stopped_with::<Vec<u8>>(&HookError::stop(&value));
        assert_eq!(stopped(json!([5.0, 5])), Some(Ok(vec![5, 5])));
        let error = stopped(json!([5.5])).unwrap().unwrap_err();
        assert_eq!(error.code(), code::INVALID_RESULT);
    }
}
