//! `--help`: the options, and what this very plugin takes.

use std::fmt::Write as _;

use serde_json::Value;

use super::in_order;
use dagstack_engine::secrets;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::MASKED;

/// The whole text.
pub(super) fn text(declaration: &'static Declaration) -> String {
    let mut text = format!("{}.{}", declaration.kind, declaration.name);
    if let Some(version) = declaration.version {
        let _ = write!(text, " {version}");
    }
    if let Some(description) = declaration.description {
        let _ = write!(text, "\n{description}");
    }
    text.push_str(
        "

usage: [OPTIONS] [COMMAND]

commands (none: serve MCP on stdin and stdout)
  manifest [OPTIONS]  print dagstack.toml, by which hosts find the plugin
      -o, --output FILE           write it to FILE instead
      --command PROGRAM [ARG]...  how hosts start the plugin (default: this program, relative to the
                                  manifest where it lies in the manifest's folder); takes all words
                                  that follow
  schema              print the schemas of the config and the hooks
  call HOOK JSON      call one hook and print its result; `-` reads JSON from stdin

options
  --config FILE       the plugin's config section, TOML or JSON; or a file with sections of several
                      plugins, each under its `[kind.name]`
  --tool-names NAMES  list MCP tools to everybody by their `full` names or by `function` alone
                      (default: full to dagstack hosts; both can always be called)
  --schemas STYLE     list input schemas to everybody in `full`, or `plain`: without references, unions
                      and other keywords that some clients do not take (default: by the client)
  --max-message SIZE  the longest message that is read, as 64MiB (default: 16MiB)
  -h, --help; -V, --version
  --                  what follows is no option

environment
  DAGSTACK_LOG        what is logged to stderr: levels by target, as my_plugin=debug,hyper=warn,info
                      (default: info)
  RUST_LOG            the same where DAGSTACK_LOG is not set

hooks
",
    );
    for (_, hook) in declaration.exposed() {
        let _ = writeln!(text, "  {}{}", hook.name, about(hook.description));
        let schema = &hook.schemas().input;
        let names = properties(schema).map(|all| in_order::parameters(hook, all));
        members(&mut text, schema, names.into_iter().flatten());
    }
    let config = (declaration.config_schema)();
    let mut keys = String::new();
    members(
        &mut keys,
        &config,
        properties(&config).into_iter().flatten(),
    );
    if !keys.is_empty() {
        text.push_str("\nconfig\n");
        text.push_str(&keys);
    }
    text
}

fn about(description: Option<&str>) -> String {
    description
        .and_then(|text| text.lines().next())
        .map(|line| format!("  {line}"))
        .unwrap_or_default()
}

fn properties(schema: &Schema) -> Option<&Schema> {
    schema.get("properties").and_then(Value::as_object)
}

fn members<'a>(
    text: &mut String,
    schema: &Schema,
    members: impl Iterator<Item = (&'a String, &'a Value)>,
) {
    let required = |name: &str| {
        schema
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    // Without the defaults of secrets.
    let shown = secrets::mask_schema(schema);
    for (name, member) in members {
        let _ = write!(text, "      {name}: {}", type_of(member));
        match member.get("default") {
            Some(Value::Null) | None if required(name) => text.push_str(" (required)"),
            Some(Value::Null) | None => text.push_str(" (optional)"),
            Some(_) => {
                let default = shown
                    .get("properties")
                    .and_then(|all| all.get(name)?.get("default"));
                match default {
                    Some(default) => {
                        let _ = write!(text, " (default {default})");
                    }
                    None => {
                        let _ = write!(text, " (default {})", MASKED);
                    }
                }
            }
        }
        let description = member.get("description").and_then(Value::as_str);
        let _ = writeln!(text, "{}", about(description));
    }
}

fn type_of(schema: &Value) -> String {
    let list = |schemas: &Vec<Value>| schemas.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    match schema.get("type") {
        Some(Value::String(name)) if name == "array" => {
            let items = schema.get("items").map_or("any".to_owned(), type_of);
            format!("array of {items}")
        }
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        _ => {
            let reference = schema.get("$ref").and_then(Value::as_str);
            let any = schema.get("anyOf").or_else(|| schema.get("oneOf"));
            match (reference, any) {
                (Some(reference), _) => dagstack_plugin_core::schema::name_of(reference),
                (None, Some(Value::Array(schemas))) => list(schemas),
                _ => "any".to_owned(),
            }
        }
    }
}
