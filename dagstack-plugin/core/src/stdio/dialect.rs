//! The published Python core's dialect: plain methods instead of MCP.

use std::sync::Arc;

use rmcp::model::ErrorCode;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use super::calls::Call;
use super::meta;
use super::protocol::setup_error;
use super::reply::failure_text;
use super::serve::{Job, Server};
use crate::declaration::Access;
use crate::error::{HookError, code};

pub(super) async fn initialize(server: &Arc<Server>) -> Result<Value, ErrorData> {
    server.instance.ready().await.map_err(setup_error)?;
    let declaration = server.tools.declaration;
    Ok(json!({
        "capabilities": { "tools": {} },
        "server_info": {
            "name": declaration.name,
            "version": declaration.version.unwrap_or("0.0.0"),
        },
    }))
}

pub(super) fn get_schema(server: &Server) -> Result<Value, ErrorData> {
    Ok(crate::tool::functions(server.tools.declaration))
}

pub(super) fn shutdown() -> Result<Value, ErrorData> {
    Ok(json!({}))
}

/// `{"args": {…}}`, with the function beside or inside `args` where there are several.
pub(super) async fn execute(
    server: &Arc<Server>,
    mut params: Value,
    context: &RequestContext<RoleServer>,
) -> Result<Value, ErrorData> {
    let declaration = server.tools.declaration;
    let mut args = match params.get_mut("args").map(Value::take) {
        None | Some(Value::Null) => serde_json::Map::new(),
        Some(Value::Object(args)) => args,
        Some(_) => {
            return Err(ErrorData::invalid_params("`args` must be an object", None));
        }
    };
    let known: Vec<&str> = declaration.exposed().map(|(_, hook)| hook.name).collect();
    let find = |name: &str| {
        let found = declaration
            .hook_for(name, Access::Exposed)
            .map_err(refusal)?;
        Ok::<_, ErrorData>(found.map(|(index, _)| index))
    };
    let index = match (params.get("function").and_then(Value::as_str), known.len()) {
        (Some(name), _) => find(name)?,
        (None, 1) => declaration.exposed().next().map(|(index, _)| index),
        (None, _) => match args.get("function").and_then(Value::as_str) {
            Some(name) => {
                let found = find(name)?;
                // `{"function": …, "args": {…}}` inside, or the arguments beside it.
                args.remove("function");
                if args.len() == 1
                    && let Some(Value::Object(inner)) = args.get_mut("args")
                {
                    args = std::mem::take(inner);
                }
                found
            }
            None => None,
        },
    };
    let Some(index) = index else {
        return Err(ErrorData::invalid_params(
            format!(
                "`execute` needs a `function` beside or inside `args`; there are: {}",
                known.join(", ")
            ),
            None,
        ));
    };
    server.forwarded_runs(&context.id, index);
    let args = Value::Object(args).to_string();
    let (call, outcome) = Call::local(server, index, meta::read_map(&context.meta), args, None);
    server.submit(Job::Call(call));
    let outcome = outcome
        .await
        .unwrap_or_else(|_| Err(HookError::new(code::UNAVAILABLE, "the call was dropped")))
        .and_then(crate::Output::into_value);
    match outcome {
        Ok(value) => Ok(json!({ "result": value })),
        Err(error) => Err(refusal(error)),
    }
}

/// A hook's error as a JSON-RPC error: the dialect has no tool errors.
#[allow(clippy::needless_pass_by_value)]
fn refusal(error: HookError) -> ErrorData {
    let number = match error.code() {
        code::INVALID_ARGUMENTS | code::NOT_EXPOSED => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INTERNAL_ERROR,
    };
    ErrorData::new(number, failure_text(&error), Some(error.to_value()))
}
