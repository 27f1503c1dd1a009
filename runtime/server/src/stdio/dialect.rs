//! The published Python core's dialect: plain methods instead of MCP.

use std::sync::Arc;

use rmcp::ErrorData;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::calls::Call;
use super::envelope::{refusal_line, unfit};
use super::meta::{self, CallMeta};
use super::origin::Origin;
use super::reply::{Shape, protocol_error};
use super::request::Request;
use super::server::{Hosted, Server};
use super::tools::HookId;
use dagstack_engine::Access;
use dagstack_engine::wire::Object;
use dagstack_plugin_core::declaration::Declaration;

/// `initialize` without a version of MCP.
pub(super) fn initialize(server: &Arc<Server>, plugin: &Arc<Hosted>, request: Request) {
    request.answer_when_ready(server, plugin, |plugin| {
        let declaration = plugin.declaration;
        json!({
            "capabilities": { "tools": {} },
            "server_info": {
                "name": declaration.name,
                "version": declaration.version.unwrap_or("0.0.0"),
            },
        })
    });
}

pub(super) fn get_schema(
    server: &Arc<Server>,
    plugin: &Arc<Hosted>,
    request: Request,
    _: Option<&str>,
) {
    let functions = dagstack_engine::tool::functions(plugin.declaration);
    request.answer(server, Ok(functions));
}

pub(super) fn shutdown(server: &Arc<Server>, _: &Arc<Hosted>, request: Request, _: Option<&str>) {
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
    plugin: &Hosted,
    id: &str,
    params: Option<&str>,
    origin: Origin,
) -> Result<Call, Vec<u8>> {
    let read = || {
        let params = params.unwrap_or("{}");
        let Object(Execute {
            args,
            function,
            meta,
        }) = serde_json::from_str(params).map_err(|error| unfit(params, &error))?;
        let (hook, args) = called(plugin.declaration, args, function.as_ref())?;
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
    let hook = HookId::of_single(hook);
    Ok(Call::begin(server, text, id, args, hook, meta, origin))
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
    let find = |name: &str| {
        let found = Access::Exposed.find(declaration, name);
        found
            .and_then(|found| found.ok_or_else(|| Access::Exposed.unknown(declaration, name)))
            .map(|(index, _)| index)
            .map_err(|error| protocol_error(&error))
    };
    let exposed: Vec<_> = declaration.exposed().collect();
    let index = if let Some(name) = function.and_then(Value::as_str) {
        find(name)?
    } else if let [(index, _)] = exposed[..] {
        index
    } else if let Some(name) = args.get("function").and_then(Value::as_str) {
        let index = find(name)?;
        // `{"function": …, "args": {…}}` inside, or the arguments beside it.
        args.remove("function");
        if args.len() == 1
            && let Some(Value::Object(inner)) = args.get_mut("args")
        {
            args = std::mem::take(inner);
        }
        index
    } else {
        let known: Vec<&str> = exposed.iter().map(|(_, hook)| hook.name).collect();
        return Err(ErrorData::invalid_params(
            format!(
                "`execute` needs a `function` beside or inside `args`; there are: {}",
                known.join(", ")
            ),
            None,
        ));
    };
    Ok((index, Value::Object(args)))
}

#[cfg(test)]
mod tests {
    use super::super::tools::tests::TOOL;
    use super::*;

    #[test]
    fn the_function_stands_beside_or_inside_the_arguments() {
        let called = |params: Value| {
            let params = params.to_string();
            let Execute { args, function, .. } = serde_json::from_str(&params).unwrap();
            called(&TOOL, args, function.as_ref())
        };
        for params in [
            json!({ "function": "split", "args": { "text": "a" } }),
            json!({ "args": { "function": "split", "text": "a" } }),
            json!({ "args": { "function": "split", "args": { "text": "a" } } }),
        ] {
            assert_eq!(called(params).unwrap(), (0, json!({ "text": "a" })));
        }
        let problem = |params| {
            let error = called(params).unwrap_err();
            assert_eq!(error.code.0, -32602);
            error.message
        };
        assert!(problem(json!({ "args": [] })).contains("must be an object"));
        assert!(problem(json!({})).ends_with("there are: split, fixed_split"));
        let unknown = problem(json!({ "function": "splid" }));
        assert!(unknown.contains("did you mean `split`?"), "{unknown}");
        assert!(problem(json!({ "function": "own" })).starts_with("not_exposed"));
    }
}
