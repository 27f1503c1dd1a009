//! [`Spec`]: a hookspec as it was read, with its schemas.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::{Map, Value};

use super::problem::{Problem, Result};
use super::yaml::{self, Entries, Node};
use crate::hook::annotations::MCP_NAMES;
use crate::kind::args::{CAPABILITIES, Dispatch, ERROR_POLICIES};
use crate::names::{is_snake_case, is_version};
use crate::words::listed;

/// A kind.
pub(super) struct Spec {
    /// The hookspec, as the author wrote it.
    pub(super) file: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) constraints: Vec<String>,
    pub(super) hooks: Vec<Hook>,
}

/// One hook.
pub(super) struct Hook {
    pub(super) name: String,
    pub(super) dispatch: String,
    pub(super) error_policy: Option<String>,
    pub(super) description: Option<String>,
    pub(super) exposed: bool,
    pub(super) template: Option<String>,
    /// What capability dispatch asks for, and by which parameter.
    pub(super) capability: Option<(String, String)>,
    /// The arguments of `#[hook]` that say what MCP clients are told.
    pub(super) annotations: Vec<TokenStream>,
    pub(super) input: SchemaFile,
    pub(super) output: SchemaFile,
    /// The parameters, in order.
    pub(super) params: Vec<String>,
}

/// A JSON Schema.
pub(super) struct SchemaFile {
    /// Its path, as it is shown.
    pub(super) file: String,
    /// The text, as it stands.
    pub(super) text: String,
    pub(super) schema: Map<String, Value>,
}

const KEYS: &[&str] = &[
    "kind",
    "kind_api_version",
    "description",
    "constraints",
    "hooks",
];
const HOOK_KEYS: &[&str] = &[
    "name",
    "dispatch",
    "error_policy",
    "description",
    "input_schema",
    "output_schema",
    "mcp_exposed",
    "mcp_tool_name_template",
    "capability",
    "params",
    "x-mcp-annotations",
];

impl Spec {
    /// Reads the hookspec at `path`, relative to `root`, and its schemas.
    pub(super) fn read(root: &Path, path: &str) -> Result<Self> {
        let text = read(&root.join(path), path).map_err(|problem| {
            problem.help("the path is relative to the folder of the crate's `Cargo.toml`")
        })?;
        let documents = yaml::load(path, &text)?;
        let Some(document) = documents.first() else {
            return Err(Problem::new(path, "", "the file is empty"));
        };
        let entries = Node::root(path, document).entries(KEYS)?;
        let name = snake_case(entries.require("kind", "\"…\"")?)?;
        let version = version(entries.require("kind_api_version", "\"1.0.0\"")?)?;
        let constraints = entries.get("constraints").map(Node::texts).transpose()?;

        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let mut hooks: Vec<Hook> = Vec::new();
        let listed = entries.require("hooks", "")?;
        for node in listed.list()? {
            let hook = Hook::read(node, root, folder)?;
            if hooks.iter().any(|other| other.name == hook.name) {
                return Err(listed.problem(format!("two hooks are called `{}`", hook.name)));
            }
            hooks.push(hook);
        }
        if hooks.is_empty() {
            return Err(listed.problem("a kind needs at least one hook"));
        }
        Ok(Self {
            file: path.to_owned(),
            name,
            version,
            description: description(&entries)?,
            constraints: constraints.unwrap_or_default(),
            hooks,
        })
    }

    /// All schemas: inputs first, since what is read may have less in it than what is written.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &SchemaFile> {
        let inputs = self.hooks.iter().map(|hook| &hook.input);
        inputs.chain(self.hooks.iter().map(|hook| &hook.output))
    }
}

impl Hook {
    fn read(node: Node<'_>, root: &Path, folder: &Path) -> Result<Self> {
        let entries = node.entries(HOOK_KEYS)?;
        let name = snake_case(entries.require("name", "\"…\"")?)?;
        let dispatch = entries
            .require("dispatch", "\"singleton\"")?
            .one_of(&Dispatch::NAMES)?;
        let exposed = entries.get("mcp_exposed").map(Node::flag).transpose()?;
        let input = SchemaFile::read(&entries, "input_schema", root, folder, &name)?;
        let output = SchemaFile::read(&entries, "output_schema", root, folder, &name)?;
        if input.schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(
                Problem::new(&input.file, "type", "the arguments of a hook are an object")
                    .help("write `\"type\": \"object\"` at the root of the schema"),
            );
        }
        if dispatch == "broadcast_notify"
            && output.schema.get("type").and_then(Value::as_str) != Some("null")
        {
            return Err(Problem::new(
                &output.file,
                "type",
                "nobody sees what a notified plugin returns",
            )
            .help("write `{\"type\": \"null\"}`, or use `broadcast_collect`"));
        }
        let params = params(&entries, &input)?;
        let error_policy = entries
            .get("error_policy")
            .map(|node| node.one_of(ERROR_POLICIES))
            .transpose()?;
        Ok(Self {
            capability: capability(&entries, &dispatch, &params)?,
            annotations: annotations(&entries)?,
            description: description(&entries)?,
            template: entries.text("mcp_tool_name_template")?,
            exposed: exposed.unwrap_or(true),
            error_policy,
            name,
            dispatch,
            input,
            output,
            params,
        })
    }
}

/// The parameters: as `params` says, else the required ones in the order of `required`, then the
/// rest by name. A hookspec is written by the same rule.
fn params(entries: &Entries<'_>, input: &SchemaFile) -> Result<Vec<String>> {
    let mut known: Vec<&str> = required(&input.schema).collect();
    let properties = input.properties();
    if let Some(missing) = known
        .iter()
        .find(|name| properties.is_none_or(|map| !map.contains_key(**name)))
    {
        return Err(Problem::new(
            &input.file,
            "required",
            format!("`{missing}` is required, but is none of the properties"),
        ));
    }
    let mut rest: Vec<&str> = properties
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| !known.contains(name))
        .collect();
    rest.sort_unstable();
    known.extend(rest);
    let Some(node) = entries.get("params") else {
        return Ok(known.into_iter().map(str::to_owned).collect());
    };
    let given = node.texts()?;
    let mut sorted = given.clone();
    sorted.sort_unstable();
    known.sort_unstable();
    if sorted != known {
        return Err(node.problem(format!(
            "`params` gives the properties of `{}` an order, and must hold each once: {}",
            input.file,
            listed(known)
        )));
    }
    Ok(given)
}

/// The description, without the newline that ends a YAML block.
fn description(entries: &Entries<'_>) -> Result<Option<String>> {
    let text = entries.text("description")?;
    Ok(text.map(|text| text.trim_end_matches('\n').to_owned()))
}

fn capability(
    entries: &Entries<'_>,
    dispatch: &str,
    params: &[String],
) -> Result<Option<(String, String)>> {
    let node = match (entries.get("capability"), dispatch) {
        (None, "capability") => entries.require("capability", "{ extension: \"path\" }")?,
        (None, _) => return Ok(None),
        (Some(node), "capability") => node,
        (Some(node), _) => {
            return Err(node
                .problem("only `dispatch: \"capability\"` looks at a capability")
                .help("remove it"));
        }
    };
    let asked = node.clone().entries(&CAPABILITIES.map(|(name, _)| name))?;
    let (what, node) = asked.only()?;
    let param = node.text()?;
    if params.contains(&param) {
        return Ok(Some((what.to_owned(), param)));
    }
    let known: Vec<&str> = params.iter().map(String::as_str).collect();
    let problem = node.problem(format!("the hook has no parameter `{param}`"));
    let otherwise = format!("write one of {}", listed(&known));
    Err(problem.meant(&param, &known, Some(&otherwise)))
}

fn annotations(entries: &Entries<'_>) -> Result<Vec<TokenStream>> {
    let Some(node) = entries.get("x-mcp-annotations") else {
        return Ok(Vec::new());
    };
    let given = node.clone().entries(&MCP_NAMES.map(|(_, name)| name))?;
    let mut arguments = Vec::new();
    for (key, name) in MCP_NAMES {
        let Some(node) = given.get(name) else {
            continue;
        };
        let argument = Ident::new(key, Span::call_site());
        arguments.push(match key {
            "title" => {
                let text = node.text()?;
                quote!(#argument = #text,)
            }
            _ => {
                let flag = node.flag()?;
                quote!(#argument = #flag,)
            }
        });
    }
    Ok(arguments)
}

impl SchemaFile {
    fn read(
        entries: &Entries<'_>,
        key: &str,
        root: &Path,
        folder: &Path,
        hook: &str,
    ) -> Result<Self> {
        let which = key.strip_suffix("_schema").unwrap_or(key);
        let example = format!("\"schemas/{hook}.{which}.json\"");
        let node = entries.require(key, &example).map_err(|problem| {
            problem.help(format!(
                "write `{key}: {example}`; without a schema nothing says which types the hook has, and only `#[kind]` in Rust can declare it"
            ))
        })?;
        let path: PathBuf = folder.join(node.text()?);
        let file = path.display().to_string();
        let text = read(&root.join(&path), &file).map_err(|problem| {
            problem.help(format!(
                "`{key}` of hook `{hook}` names it, relative to the hookspec"
            ))
        })?;
        let schema = match serde_json::from_str(&text) {
            Ok(Value::Object(schema)) => schema,
            Ok(_) => {
                return Err(Problem::new(&file, "", "expected a JSON Schema, an object")
                    .help("write `{}` for any value"));
            }
            Err(error) => {
                return Err(Problem::new(&file, "", format!("no JSON: {error}")).line(error.line()));
            }
        };
        Ok(Self { file, text, schema })
    }

    /// Whether it is marked as that of MCP's content blocks, for which there is a type.
    pub(super) fn is_content(&self) -> bool {
        self.schema.get("x-dagstack-content") == Some(&Value::Bool(true))
    }

    /// Those of the root.
    pub(super) fn properties(&self) -> Option<&Map<String, Value>> {
        self.schema.get("properties").and_then(Value::as_object)
    }

    /// Whether a call must give the parameter.
    pub(super) fn requires(&self, param: &str) -> bool {
        required(&self.schema).any(|name| name == param)
    }

    /// The definitions, with the key they stand under.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (&'static str, &String, &Value)> {
        ["$defs", "definitions"].into_iter().flat_map(|key| {
            let map = self.schema.get(key).and_then(Value::as_object);
            map.into_iter()
                .flatten()
                .map(move |(name, schema)| (key, name, schema))
        })
    }
}

fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn read(path: &Path, shown: &str) -> Result<String> {
    let text = fs::read_to_string(path)
        .map_err(|error| Problem::new(shown, "", format!("cannot read the file: {error}")))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

fn snake_case(node: &Node<'_>) -> Result<String> {
    let text = node.text()?;
    if is_snake_case(&text) {
        return Ok(text);
    }
    Err(node.problem(format!(
        "`{text}` must be in snake_case: `a-z`, `0-9` and `_`, starting with a letter"
    )))
}

fn version(node: &Node<'_>) -> Result<String> {
    let text = node.text()?;
    if is_version(&text) {
        return Ok(text);
    }
    Err(node
        .problem(format!(
            "the version of a kind is three numbers, found `{text}`"
        ))
        .help("write, for example, `\"1.0.0\"`"))
}
