//! The built-in kind `tool`: which plugin a function belongs to.

use dagstack_plugin::{HookContext, tool};
use serde_json::Value;

use crate::descriptor::Source;
use crate::entry::Entry;
use crate::live::Live;

/// The function that the arguments of `execute` ask for.
pub(super) fn function(args: &Value) -> Option<&str> {
    args.get("function").and_then(Value::as_str)
}

/// The names of a tool's exposed functions. A tool in another process has told the host when it started.
pub(crate) async fn functions(entry: &Entry, live: &Live, ctx: &HookContext) -> Vec<String> {
    if let Source::InProcess(registration) = &entry.descriptor.source {
        let hooks = registration.declaration().exposed();
        return hooks.map(|(_, hook)| hook.name.to_owned()).collect();
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
