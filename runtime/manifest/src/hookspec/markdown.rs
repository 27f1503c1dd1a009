//! The kind as a page for people.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use dagstack_plugin_core::kind::{Dispatch, ErrorPolicy, KindSpec};
use serde_json::Value;

use super::Hook;

/// `v<MAJOR>.md`.
pub(super) fn page(kind: &KindSpec, hooks: &[Hook]) -> String {
    let mut page = Page(String::new());
    page.line(format_args!("# Kind `{}` {}", kind.name, kind.version));
    page.paragraph(kind.description);
    if !kind.constraints.is_empty() {
        let constraints: Vec<_> = kind.constraints.iter().map(|rule| code(rule)).collect();
        page.line(format_args!("\nConstraints: {}.", constraints.join(", ")));
    }
    for hook in hooks {
        page.hook(hook);
    }
    page.types(hooks);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, line: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn paragraph(&mut self, text: Option<&str>) {
        if let Some(text) = text {
            self.line(format_args!("\n{text}"));
        }
    }

    fn hook(&mut self, hook: &Hook) {
        let spec = hook.spec;
        self.line(format_args!("\n## `{}`", spec.name));
        self.paragraph(spec.description);
        self.line("\n| | |\n|---|---|");
        let mut row = |name: &str, value: &str| self.line(format_args!("| {name} | {value} |"));
        row(
            "dispatch",
            &format!("`{}`: {}", spec.dispatch, meaning(spec.dispatch)),
        );
        if let Some((capability, param)) = spec.capability {
            row(
                "capability",
                &format!("`{}`, in `{param}`", capability.as_str()),
            );
        }
        if spec.error_policy != ErrorPolicy::default() {
            row("errors", &code(spec.error_policy.as_str()));
        }
        let tool = if spec.mcp_exposed {
            code(spec.mcp_tool_name_template)
        } else {
            "none".to_owned()
        };
        row("MCP tool", &tool);
        for (name, value) in hook.annotations() {
            let value = match value {
                Value::String(text) => cell(&text),
                other => code(&other.to_string()),
            };
            row(&code(name), &value);
        }

        match &hook.input {
            Some(_) if spec.params.is_empty() => self.line("\nTakes nothing."),
            Some(_) => {
                self.line("\n| parameter | type | | |\n|---|---|---|---|");
                for (name, schema) in hook.params() {
                    let needed = if hook.requires(name) {
                        "required"
                    } else {
                        "optional"
                    };
                    let about = cell(description(schema));
                    self.line(format_args!(
                        "| `{name}` | {} | {needed} | {about} |",
                        cell(&shape(schema))
                    ));
                }
            }
            None => self.line("\nIts arguments have no JSON form: it is called in process only."),
        }
        if let Some(output) = &hook.output {
            let output = Value::Object(output.clone());
            let about = description(&output);
            let gap = if about.is_empty() { "" } else { " " };
            self.line(format_args!("\nReturns {}.{gap}{about}", shape(&output)));
            if output["properties"].is_object() {
                self.fields(&output);
            }
        }
    }

    /// The definitions of all schemas, once; inputs go first, since what is written has more
    /// fields that are always there than what is read must have.
    fn types(&mut self, hooks: &[Hook]) {
        let inputs = hooks.iter().map(|hook| &hook.input);
        let outputs = hooks.iter().map(|hook| &hook.output);
        let mut definitions: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for schema in inputs.chain(outputs).flatten() {
            let schema = schema.get("$defs").and_then(Value::as_object);
            for (name, definition) in schema.into_iter().flatten() {
                let known = definitions.entry(name).or_default();
                if !known.iter().any(|other| same_fields(other, definition)) {
                    known.push(definition);
                }
            }
        }
        for (name, forms) in definitions {
            self.line(format_args!("\n## Type `{name}`"));
            for definition in forms {
                let about = description(definition);
                self.paragraph((!about.is_empty()).then_some(about));
                if definition["properties"].is_object() {
                    self.fields(definition);
                } else {
                    self.line(format_args!("\nIs {}.", shape(definition)));
                }
            }
        }
    }

    fn fields(&mut self, object: &Value) {
        self.line("\n| field | type | | |\n|---|---|---|---|");
        let mut properties: Vec<_> = object["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .collect();
        properties.sort_unstable_by_key(|(name, _)| name.as_str());
        for (name, schema) in properties {
            let needed = object["required"]
                .as_array()
                .is_some_and(|required| required.iter().any(|field| field == name));
            let needed = if needed { "required" } else { "optional" };
            let (shape, about) = (cell(&shape(schema)), cell(description(schema)));
            self.line(format_args!(
                "| {} | {shape} | {needed} | {about} |",
                code(name)
            ));
        }
    }
}

/// Whether two forms of a type differ at most in what must be there.
fn same_fields(a: &Value, b: &Value) -> bool {
    match (a.get("properties"), b.get("properties")) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn meaning(class: Dispatch) -> &'static str {
    match class {
        Dispatch::Singleton => "one plugin is called",
        Dispatch::BroadcastCollect => "all plugins are called, their results are collected",
        Dispatch::BroadcastNotify => "all plugins are called, without results",
        Dispatch::Chain => "all plugins are called, each with the result of the one before",
        Dispatch::Capability => "the plugin that supports what is asked for is called",
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// Text that stays in its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A schema in a few words; the schema itself has the rest.
fn shape(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return code(&dagstack_plugin_core::schema::name_of(reference));
    }
    if let Some(value) = schema.get("const") {
        return code(&value.to_string());
    }
    if let Some(values) = schema["enum"].as_array() {
        return either(values.iter().map(|value| code(&value.to_string())));
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            return either(choices.iter().map(shape));
        }
    }
    match &schema["type"] {
        Value::String(name) => named(name, schema),
        Value::Array(names) => either(
            names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| named(name, schema)),
        ),
        _ => "any value".to_owned(),
    }
}

fn named(name: &str, schema: &Value) -> String {
    match name {
        "array" if schema["items"].is_object() => format!("array of {}", shape(&schema["items"])),
        "object" if is_map(schema) => {
            format!("map to {}", shape(&schema["additionalProperties"]))
        }
        "integer" | "number" | "string" => match schema["format"].as_str() {
            Some(format) => format!("{name} ({format})"),
            None => name.to_owned(),
        },
        "object" => match schema["properties"].as_object() {
            Some(properties) if !properties.is_empty() => {
                let mut names: Vec<_> = properties.keys().map(|name| code(name)).collect();
                names.sort_unstable();
                format!("object of {}", names.join(", "))
            }
            _ => name.to_owned(),
        },
        other => other.to_owned(),
    }
}

/// Whether the members of an object have a type in common.
fn is_map(schema: &Value) -> bool {
    let members = schema["additionalProperties"].as_object();
    members.is_some_and(|members| !members.is_empty())
}

fn either(choices: impl Iterator<Item = String>) -> String {
    choices.collect::<Vec<_>>().join(" or ")
}
