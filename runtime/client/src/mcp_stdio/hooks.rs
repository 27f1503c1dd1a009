//! Which MCP tool a hook is, on this server.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use dagstack_engine::tool::function;
use dagstack_engine::wire::{self, AnnouncedHook};
use dagstack_plugin_core::{HookError, PluginName, error, tool};
use rmcp::model::{JsonObject, Tool};
use serde::Deserialize;
use serde_json::Value;

/// The hooks of a plugin out of process.
#[derive(Debug)]
pub(super) struct Hooks {
    plugin: PluginName,
    /// In the plugin's own order.
    names: Vec<String>,
    tools: HashMap<String, HookTool>,
    /// Those that the plugin has and nobody outside its process may call.
    hidden: Vec<String>,
    /// For the kind `tool`: what `get_schema` answers.
    pub(super) functions: Option<Value>,
}

/// The tool that a hook is.
#[derive(Clone, Debug)]
pub(super) struct HookTool {
    pub(super) name: Arc<str>,
    /// The value is wrapped as `{"result": …}`.
    pub(super) wraps: bool,
}

impl Hooks {
    /// The hooks that a dagstack plugin announces; `None` if it does not say.
    pub(super) fn announced(plugin: &PluginName, extension: &JsonObject) -> Option<Self> {
        let hooks: Vec<AnnouncedHook> = wire::list(extension.get("hooks")?).ok()?;
        let hidden = extension.get("hidden").map(Vec::<String>::deserialize);
        Some(Self {
            plugin: plugin.clone(),
            names: hooks.iter().map(|hook| hook.name.clone()).collect(),
            tools: hooks
                .into_iter()
                .map(|hook| {
                    let tool = HookTool {
                        name: hook.tool.into(),
                        wraps: hook.wraps_result,
                    };
                    (hook.name, tool)
                })
                .collect(),
            hidden: hidden.and_then(Result::ok).unwrap_or_default(),
            functions: None,
        })
    }

    /// The hooks of any MCP server: by the map the manifest gives, by the kind's template, or by
    /// the tool's own name.
    pub(super) fn of_tools(
        plugin: &PluginName,
        tools: &[Tool],
        map: &BTreeMap<String, String>,
    ) -> Self {
        let prefix = if plugin.kind() == tool::KIND {
            format!("{plugin}.{}.", tool::EXECUTE)
        } else {
            format!("{plugin}.")
        };
        let mut hooks = Self {
            plugin: plugin.clone(),
            names: Vec::new(),
            tools: HashMap::new(),
            hidden: Vec::new(),
            functions: None,
        };
        for tool in tools {
            let mapped = map.iter().filter(|(_, name)| **name == tool.name);
            let mut names: Vec<&str> = mapped.map(|(hook, _)| hook.as_str()).collect();
            if names.is_empty() {
                names.push(tool.name.strip_prefix(&prefix).unwrap_or(&tool.name));
            }
            for name in names {
                let found = HookTool {
                    name: Arc::from(&*tool.name),
                    wraps: wraps(tool),
                };
                if hooks.tools.insert(name.to_owned(), found).is_none() {
                    hooks.names.push(name.to_owned());
                }
            }
        }
        for (hook, tool) in map {
            if !tools.iter().any(|known| known.name == *tool) {
                tracing::warn!(
                    plugin = %plugin,
                    "the manifest says that hook `{hook}` is the tool `{tool}`, but the server has no such tool"
                );
            }
        }
        hooks
    }

    /// Keeps what `get_schema` of the kind `tool` answers.
    pub(super) fn list_functions(&mut self, tools: &[Tool]) {
        let functions = self.names.iter().filter_map(|name| {
            let tool = self.tools.get(name)?;
            let tool = tools.iter().find(|it| *it.name == *tool.name)?;
            let description = tool.description.as_deref().unwrap_or_default();
            Some(function(name, description, &tool.input_schema))
        });
        self.functions = Some(functions.collect());
    }

    pub(super) fn is_tool(&self) -> bool {
        self.plugin.kind() == tool::KIND
    }

    /// The tool a hook is.
    ///
    /// # Errors
    ///
    /// `unknown_hook` and `not_exposed`, as in process.
    pub(super) fn find(&self, hook: &str) -> Result<&HookTool, HookError> {
        self.tools.get(hook).ok_or_else(|| self.unknown(hook))
    }

    pub(super) fn hides(&self, hook: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden == hook)
    }

    fn unknown(&self, hook: &str) -> HookError {
        if self.hides(hook) {
            return error::not_exposed(&self.plugin.to_string(), hook);
        }
        let (kind, name) = (self.plugin.kind(), self.plugin.name());
        dagstack_engine::unknown_hook(kind, name, self.names.iter().map(String::as_str), hook)
    }
}

/// Whether a tool's output schema says that its value is wrapped.
fn wraps(tool: &Tool) -> bool {
    let schema = tool.output_schema.as_deref();
    [wire::WRAP, wire::WRAP_FASTMCP]
        .iter()
        .any(|key| schema.and_then(|schema| schema.get(*key)) == Some(&Value::Bool(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dagstack_plugin_core::code;
    use serde_json::json;

    fn tools(names: &[&'static str]) -> Vec<Tool> {
        names
            .iter()
            .map(|&name| Tool::new(name, "Does it.", Arc::new(JsonObject::new())))
            .collect()
    }

    #[test]
    fn foreign_tools_are_found_by_map_template_or_name() {
        let map = BTreeMap::from([("chunk".to_owned(), "split-text".to_owned())]);
        let hooks = Hooks::of_tools(
            &PluginName::new("chunker", "fixed"),
            &tools(&["split-text", "chunker.fixed.count", "plain"]),
            &map,
        );
        assert_eq!(&*hooks.find("chunk").unwrap().name, "split-text");
        assert_eq!(&*hooks.find("count").unwrap().name, "chunker.fixed.count");
        assert_eq!(&*hooks.find("plain").unwrap().name, "plain");
        let error = hooks.find("chunks").unwrap_err();
        assert_eq!(error.code(), code::UNKNOWN_HOOK);
        assert_eq!(
            error.get_details(),
            Some(&json!({ "hook": "chunks", "known": ["chunk", "count", "plain"] }))
        );
        assert!(error.message().contains("did you mean `chunk`"));
    }

    #[test]
    fn functions_of_a_tool_lose_their_template() {
        let list = tools(&["tool.calc.execute.add"]);
        let mut hooks = Hooks::of_tools(&PluginName::new("tool", "calc"), &list, &BTreeMap::new());
        hooks.list_functions(&list);
        assert_eq!(
            hooks.functions,
            Some(json!([{ "name": "add", "description": "Does it.", "parameters": {} }]))
        );
        let error = hooks.find("ad").unwrap_err();
        assert_eq!(
            error.get_details().unwrap()["known"],
            json!(["add", "get_schema", "execute"])
        );
    }
}
