//! The MCP tools of a plugin: one per exposed hook; a `tool` plugin's functions are its hooks.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rmcp::model::Tool;

use crate::declaration::{Declaration, Hook};
use crate::kind::TOOL_NAME_TEMPLATE;

/// How tools are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ToolNames {
    /// As the kind says, else `{kind}.{plugin}.{hook}`; `tool.<plugin>.execute.<function>`.
    #[default]
    Full,
    /// The hook's or function's own name, for clients that refuse dots.
    Function,
}

impl ToolNames {
    /// The tool that calls `hook`.
    pub(super) fn of(self, declaration: &Declaration, hook: &Hook) -> String {
        let (kind, plugin, name) = (declaration.kind, declaration.name, hook.name);
        match self {
            Self::Function => name.to_owned(),
            Self::Full if declaration.is_tool() => format!("tool.{plugin}.execute.{name}"),
            Self::Full => template(declaration, hook)
                .replace("{kind}", kind)
                .replace("{plugin}", plugin)
                .replace("{hook}", name)
                .replace("{function}", name),
        }
    }
}

/// How the kind names the hook's tools.
fn template(declaration: &Declaration, hook: &Hook) -> &'static str {
    declaration
        .kind_spec
        .and_then(|kind| kind.hook(hook.name))
        .map_or(TOOL_NAME_TEMPLATE, |hook| hook.mcp_tool_name_template)
}

/// The tools by name. Schemas are made when a client asks for them.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) declaration: &'static Declaration,
    pub(super) names: ToolNames,
    by_name: HashMap<String, usize>,
    listed: OnceLock<Vec<Tool>>,
}

impl Tools {
    pub(super) fn new(declaration: &'static Declaration, names: ToolNames) -> Self {
        let by_name = exposed(declaration)
            .map(|(index, hook)| (names.of(declaration, hook), index))
            .collect();
        Self {
            declaration,
            names,
            by_name,
            listed: OnceLock::new(),
        }
    }

    /// The hook a tool calls, by its place in the declaration.
    pub(super) fn find(&self, tool: &str) -> Option<usize> {
        self.by_name.get(tool).copied()
    }

    /// What `tools/list` answers.
    pub(super) fn list(&self) -> &[Tool] {
        self.listed.get_or_init(|| {
            exposed(self.declaration)
                .map(|(_, hook)| {
                    let schemas = hook.schemas();
                    Tool::new(
                        self.names.of(self.declaration, hook),
                        hook.description.unwrap_or_default(),
                        Arc::new(schemas.input.clone()),
                    )
                    .with_raw_output_schema(Arc::new(schemas.output.clone()))
                })
                .collect()
        })
    }

    /// The message for a tool that does not exist.
    pub(super) fn unknown(&self, tool: &str) -> String {
        let names: Vec<String> = exposed(self.declaration)
            .map(|(_, hook)| self.names.of(self.declaration, hook))
            .collect();
        // The hook's bare name is the likeliest mistake.
        let guess = exposed(self.declaration)
            .find(|(_, hook)| hook.name == tool)
            .map(|(_, hook)| self.names.of(self.declaration, hook))
            .or_else(|| crate::suggest(tool, names.iter().map(String::as_str)).map(str::to_owned))
            .map(|guess| format!(" (did you mean `{guess}`?)"))
            .unwrap_or_default();
        let list = if names.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        format!("unknown tool `{tool}`{guess}; {list}")
    }
}

/// The exposed hooks with their places.
pub(super) fn exposed(
    declaration: &'static Declaration,
) -> impl Iterator<Item = (usize, &'static Hook)> {
    declaration
        .hooks
        .iter()
        .enumerate()
        .filter(|(_, hook)| hook.mcp_exposed)
}
