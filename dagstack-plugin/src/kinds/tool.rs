//! The kind `tool`: functions for models and programs.

use serde_json::{Map, Value};

use crate::{data, kind};

/// Functions that a model or a program may call.
///
/// A plugin says `#[plugin(kind = "tool", …)]`: each of its hooks is a function, and these two are
/// made from them.
#[kind(
    name = "tool",
    version = "1.0.0",
    description = "Functions that a model or a program may call."
)]
pub trait Tool {
    /// Lists the functions.
    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    async fn get_schema(&self) -> Vec<Function>;

    /// Runs one function. The host validates `args` against the function's schema before.
    #[hook(
        dispatch = "singleton",
        mcp_tool_name_template = "{kind}.{plugin}.{hook}.{function}"
    )]
    async fn execute(
        &self,
        /// The function's name.
        function: String,
        /// Its arguments, by name.
        args: Map<String, Value>,
    ) -> Executed;
}

/// A function of a tool.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// What it is called by.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub name: String,
    /// What it does, for whoever chooses among functions.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: Map<String, Value>,
}

/// How a function ended.
#[data]
#[derive(Clone, Debug, Default, PartialEq)]
#[schemars(transform = false_may_be_left_out)]
pub struct Executed {
    /// What it returned; `null` if it failed.
    pub result: Value,
    /// Whether it failed.
    #[serde(default)]
    pub is_error: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// We always write `is_error`; other cores may leave out the default (specification, §2).
fn false_may_be_left_out(schema: &mut schemars::Schema) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|field| field != "is_error");
    }
}
