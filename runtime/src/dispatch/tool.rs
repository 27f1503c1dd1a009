//! The built-in kind `tool`: its hookspec, and which plugin a function belongs to.

use dagstack_plugin::kind::{Dispatch, ErrorPolicy, KindHook, KindSpec, TOOL_NAME_TEMPLATE};
use dagstack_plugin::{HookContext, tool};
use serde_json::Value;

use crate::descriptor::Source;
use crate::entry::{Entry, Live};

static HOOKS: [KindHook; 2] = [
    KindHook {
        name: tool::GET_SCHEMA,
        description: Some("Lists the functions of the tool."),
        dispatch: Dispatch::BroadcastCollect,
        error_policy: ErrorPolicy::FailFast,
        mcp_exposed: false,
        mcp_tool_name_template: TOOL_NAME_TEMPLATE,
        params: &[],
        capability: None,
        input_schema: || None,
        output_schema: || None,
    },
    KindHook {
        name: tool::EXECUTE,
        description: Some("Runs one function of the tool."),
        dispatch: Dispatch::Singleton,
        error_policy: ErrorPolicy::FailFast,
        mcp_exposed: true,
        mcp_tool_name_template: "{kind}.{plugin}.{hook}.{function}",
        params: &["function", "args"],
        capability: None,
        input_schema: || None,
        output_schema: || None,
    },
];

/// What every host knows of the kind, whether or not a plugin brings its trait.
pub(crate) static SPEC: KindSpec = KindSpec {
    name: tool::KIND,
    version: "1.0.0",
    description: Some("Functions for models and people to call."),
    constraints: &[],
    hooks: &HOOKS,
};

/// The function that the arguments of `execute` ask for.
pub(super) fn function(args: &Value) -> Option<&str> {
    args.get("function").and_then(Value::as_str)
}

/// The names of a tool's functions. A tool in another process has told the host when it started.
pub(super) async fn functions(entry: &Entry, live: &Live, ctx: &HookContext) -> Vec<String> {
    if let Source::InProcess(registration) = &entry.descriptor.source {
        let hooks = registration.declaration().hooks.iter();
        return hooks.map(|hook| hook.name.to_owned()).collect();
    }
    let nothing = Value::Object(serde_json::Map::new());
    let adapter = live.running.adapter();
    match adapter.call(tool::GET_SCHEMA, ctx, nothing).await {
        Ok(Value::Array(functions)) => functions
            .iter()
            .filter_map(|function| Some(function.get("name")?.as_str()?.to_owned()))
            .collect(),
        // A tool that cannot say what it has does not have it.
        Ok(_) | Err(_) => Vec::new(),
    }
}
