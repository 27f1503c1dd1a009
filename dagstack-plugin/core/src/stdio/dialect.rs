//! The published Python core's dialect: plain methods instead of MCP.

use std::sync::Arc;

use rmcp::ErrorData;
use serde_json::{Value, json};

use super::calls::Call;
use super::envelope::unfit_line;
use super::reply::protocol_error;
use super::request::Request;
use super::server::Server;
use super::{executor, meta};
use crate::context::HookContext;
use crate::declaration::Access;
use crate::declaration::Declaration;
use crate::error::{HookError, code};

/// `initialize` without a version of MCP.
pub(super) fn initialize(server: &Arc<Server>, request: Request) {
    request.answer_when_ready(server, |server| {
        let declaration = server.tools.declaration;
        json!({
            "capabilities": { "tools": {} },
            "server_info": {
                "name": declaration.name,
                "version": declaration.version.unwrap_or("0.0.0"),
            },
        })
    });
}

pub(super) fn get_schema(server: &Arc<Server>, request: Request, _: Option<&str>) {
    let functions = crate::tool::functions(server.tools.declaration);
    request.answer(server, Ok(functions));
}

pub(super) fn shutdown(server: &Arc<Server>, request: Request, _: Option<&str>) {
    request.answer(server, Ok(json!({})));
}

/// `{"args": {…}}`, with the function beside or inside `args` where there are several.
pub(super) fn execute(server: &Arc<Server>, request: Request, params: Option<&str>) {
    let params = params.unwrap_or("{}");
    let mut params = match serde_json::from_str::<Value>(params) {
        Ok(params) => params,
        Err(error) => return request.answer_line(server, |id| unfit_line(id, params, &error)),
    };
    let (hook, args) = match function(server.tools.declaration, &mut params) {
        Ok(found) => found,
        Err(error) => return request.answer(server, Err(error)),
    };
    request.runs(server, hook);
    let context = match params.get("_meta") {
        Some(Value::Object(meta)) => meta::read_map(meta),
        _ => HookContext::new(),
    };
    let (call, outcome) = Call::local(server, hook, context, args, None);
    call.run(server, false);
    let asked = Arc::clone(server);
    executor::run(server, Box::pin(outcome), move |outcome, _| {
        let outcome = outcome
            .unwrap_or_else(|_| Err(HookError::new(code::UNAVAILABLE, "the call was dropped")))
            .and_then(crate::Output::into_value)
            .map(|value| json!({ "result": value }))
            // The dialect has no tool errors.
            .map_err(|error| protocol_error(&error));
        request.answer(&asked, outcome);
    });
}

/// The hook that `execute` is to run, and the text of its arguments.
fn function(declaration: &Declaration, params: &mut Value) -> Result<(usize, String), ErrorData> {
    let mut args = match params.get_mut("args").map(Value::take) {
        None | Some(Value::Null) => serde_json::Map::new(),
        Some(Value::Object(args)) => args,
        Some(_) => {
            return Err(ErrorData::invalid_params("`args` must be an object", None));
        }
    };
    let known: Vec<&str> = declaration.exposed().map(|(_, hook)| hook.name).collect();
    let find = |name: &str| {
        let found = declaration.hook_for(name, Access::Exposed);
        let found = found.map_err(|error| protocol_error(&error))?;
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
    match index {
        Some(index) => Ok((index, Value::Object(args).to_string())),
        None => Err(ErrorData::invalid_params(
            format!(
                "`execute` needs a `function` beside or inside `args`; there are: {}",
                known.join(", ")
            ),
            None,
        )),
    }
}
