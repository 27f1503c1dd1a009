//! `--help`: the options, and what this very plugin takes.

use std::fmt::Write as _;

use serde_json::Value;

use super::in_order;
use super::manifest::program_name;
use crate::config::{keys, variable};
use dagstack_config::render;
use dagstack_engine::{Place, secrets};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::MASKED;

const OPTIONS: &str = "usage: {program} [OPTIONS] [COMMAND]

commands (none: serve MCP on stdin and stdout)
  manifest [OPTIONS]  print dagstack.toml, by which hosts find the plugin
      -o, --output FILE           write it to FILE instead
      --command PROGRAM [ARG]...  how hosts start the plugin (default: this program, relative to the
                                  manifest where it lies in the manifest's folder); takes all words
                                  that follow
  schema              print the schemas of the config and the hooks
  call HOOK JSON      call one hook and print its result; `-` reads JSON from stdin
  check               check the config, from all its sources, and what the plugin needs, without serving

options
  --config FILE       the plugin's config section, TOML, YAML or JSON; or a file with sections of several
                      plugins, each under its `[kind.name]`. `${VAR}` and `${VAR:-default}` in it stand
                      for environment variables
  --set KEY=VALUE     one key of the config, as `--set limits.rows=5` or `--set tags[0]=a`; may be repeated
  --resource NAME=VALUE
                      how a resource is made where no dagstack host gives it, as
                      blob_store=file:///var/blobs; given once for each
  --only NAME         serve this plugin alone, of an executable that holds several; repeated, these
  --plugin KIND.NAME  the same for the one plugin that a dagstack host wants
  --log-format FMT    log records on stderr as `text` or as `json` (default: text on a terminal)
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
  DAGSTACK_RESOURCE_NAME
                      the value of `--resource name=…` where that is not given
";

/// The whole text.
pub(super) fn text(declarations: &[&'static Declaration]) -> String {
    let mut text = String::new();
    for declaration in declarations {
        text.push_str(&declaration.key());
        if let Some(version) = declaration.version {
            let _ = write!(text, " {version}");
        }
        if let Some(description) = declaration.description {
            let _ = write!(text, "\n{description}");
        }
        text.push_str("\n\n");
    }
    text.push_str(&OPTIONS.replace("{program}", &program_name()));
    for declaration in declarations {
        let of = match declarations {
            [_] => String::new(),
            _ => format!(" of {}", declaration.key()),
        };
        plugin(&mut text, declaration, &of);
    }
    text
}

/// What one plugin takes; `of` names it, where there are several.
fn plugin(text: &mut String, declaration: &Declaration, of: &str) {
    let _ = writeln!(text, "\nhooks{of}");
    for (_, hook) in declaration.exposed() {
        let _ = writeln!(text, "  {}{}", hook.name, about(hook.description));
        let schema = &hook.schemas().input;
        let names = properties(schema).map(|all| in_order::parameters(hook, all));
        members(text, schema, names.into_iter().flatten());
    }
    config(text, declaration, of);
}

/// The keys of the config, each with its variable.
fn config(text: &mut String, declaration: &Declaration, of: &str) {
    let schema = (declaration.config_schema)();
    let root = Place::of(&schema);
    let keys = keys(&root);
    if keys.is_empty() && !root.is_open() {
        return;
    }
    let _ = writeln!(
        text,
        "
config{of}: defaults, then the file of `--config`, then the variables named here, then `--set`; under a
dagstack host only what the host sends"
    );
    for key in keys {
        let path = render("", &key.steps);
        let expected = key
            .place
            .expected()
            .unwrap_or_else(|| "any value".to_owned());
        let expected = expected.strip_suffix(" or null").unwrap_or(&expected);
        let mut notes = Vec::new();
        if key.place.is_secret() {
            notes.push("secret".to_owned());
        }
        match key.default() {
            Some(default) => notes.push(format!("default {default}")),
            None if key.is_required => notes.push("required".to_owned()),
            None => notes.push("optional".to_owned()),
        }
        let mut variable = variable(declaration, &key.steps);
        if key.place.is_object() && key.place.is_open() {
            variable = format!("{variable}, {variable}__<KEY>");
        }
        let about = about(key.place.description());
        let _ = writeln!(
            text,
            "      {path}: {expected} ({}) [{variable}]{about}",
            notes.join(", ")
        );
    }
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
