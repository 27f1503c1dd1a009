//! The published Python core's dialect: plain methods instead of MCP.

use std::sync::Arc;

use rmcp::ErrorData;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::calls::Call;
use super::envelope::{refusal_line, unfit};
use super::meta::{self, CallMeta, Shape};
use super::reply::protocol_error;
use super::request::Request;
use super::server::Server;
use dagstack_engine::wire::Object;
use dagstack_plugin_core::declaration::Access;
use dagstack_plugin_core::declaration::Declaration;

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
    let functions = dagstack_engine::tool::functions(server.tools.declaration);
    request.answer(server, Ok(functions));
}

pub(super) fn shutdown(server: &Arc<Server>, request: Request, _: Option<&str>) {
    request.answer(server, Ok(json!({})));
}

#[derive(Default, Deserialize)]
struct Execute<'a> {
    args: Option<Value>,
    function: Option<Value>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// Reads `{"args": {…}}`, with the function beside or inside `args` where there are several; an
/// error is the answer.
pub(super) fn execute(
    server: &Arc<Server>,
    id: &str,
    params: Option<&str>,
) -> Result<Call, Vec<u8>> {
    let read = || {
        let params = params.unwrap_or("{}");
        let Object(Execute {
            args,
            function,
            meta,
        }) = serde_json::from_str(params).map_err(|error| unfit(params, &error))?;
        let (hook, args) = called(server.tools.declaration, args, function.as_ref())?;
        let meta = meta.map(|meta| meta::read(meta.get())).transpose()?;
        Ok((hook, args, meta.unwrap_or_default()))
    };
    let (hook, args, meta) = read().map_err(|error: ErrorData| refusal_line(id, &error))?;
    let meta = CallMeta {
        shape: Shape::Plain,
        progress: None,
        ..meta
    };
    let text = format!("{id}{args}");
    let (id, args) = (0..id.len(), Some(id.len()..text.len()));
    Ok(Call::begin(server, text, id, args, hook, meta))
}

/// The hook that `execute` is to run, and its arguments.
fn called(
    declaration: &Declaration,
    args: Option<Value>,
    function: Option<&Value>,
) -> Result<(usize, Value), ErrorData> {
    let mut args = match args {
        None => serde_json::Map::new(),
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
    let index = match (function.and_then(Value::as_str), known.len()) {
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
        Some(index) => Ok((index, Value::Object(args))),
        None => Err(ErrorData::invalid_params(
            format!(
                "`execute` needs a `function` beside or inside `args`; there are: {}",
                known.join(", ")
            ),
            None,
        )),
    }
}
