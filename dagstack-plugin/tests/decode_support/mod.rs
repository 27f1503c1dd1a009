//! Decodes a type as the arguments of a hook, in both of their forms, and as a config.

use std::sync::OnceLock;

use dagstack_engine::{arguments, config};
use dagstack_plugin::declaration::Hook;
use dagstack_plugin::execution::ExecutionModel;
use dagstack_plugin::{Args, ConfigInvalid, Declaration, HookError, NoConfig, schema};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The plugin `chunker.fixed` with the hook `chunk`.
fn plugin<A: JsonSchema, C: JsonSchema>() -> &'static Declaration {
    let hooks = Box::leak(Box::new([Hook {
        name: "chunk",
        description: None,
        execution_model: ExecutionModel::Sync,
        mcp_exposed: true,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| schema::input::<A>(),
        output_schema: schema::output::<String>,
        schemas: OnceLock::new(),
    }]));
    Box::leak(Box::new(Declaration::new(
        "chunker",
        "fixed",
        "fixed::Fixed",
        hooks,
        schema::input::<C>,
    )))
}

/// Decodes arguments in both forms, which must come to the same.
pub(crate) fn call<A: DeserializeOwned + JsonSchema + 'static>(
    value: &Value,
) -> Result<A, HookError> {
    let by_text = call_text::<A>(&value.to_string());
    let declaration = plugin::<A, NoConfig>();
    let mut value = value.clone();
    let by_value =
        arguments::decode::<A>(declaration, &declaration.hooks[0], Args::Value(&mut value));
    assert_eq!(
        by_value.as_ref().err(),
        by_text.as_ref().err(),
        "values and text say the same"
    );
    by_value
}

pub(crate) fn call_text<A: DeserializeOwned + JsonSchema + 'static>(
    text: &str,
) -> Result<A, HookError> {
    let declaration = plugin::<A, NoConfig>();
    arguments::decode::<A>(declaration, &declaration.hooks[0], Args::Json(text))
}

pub(crate) fn call_error<A: DeserializeOwned + JsonSchema + 'static>(value: Value) -> String {
    let error = call::<A>(&value).err().expect("arguments that do not fit");
    assert_eq!(error.code(), "invalid_arguments");
    error.to_string()
}

pub(crate) fn configure<C: dagstack_plugin::config::Config>(
    section: Value,
) -> Result<C, ConfigInvalid> {
    config::decode::<C>(plugin::<NoConfig, C>(), section)
}

pub(crate) fn config_error<C: dagstack_plugin::config::Config>(section: Value) -> String {
    let error = configure::<C>(section)
        .err()
        .expect("a config that does not fit");
    error.to_string()
}
