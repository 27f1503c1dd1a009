//! [`Hookspec`]: a kind written down for those who read no Rust (plugin specification, §2).

mod json;
mod markdown;
mod openrpc;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use dagstack_plugin_core::kind::{Kind, KindHook, KindSpec};
use dagstack_plugin_core::schema::Schema;

/// The published form of a kind: `#[kind]` on a trait.
///
/// | file | what it is |
/// |---|---|
/// | `kinds/<kind>/v<MAJOR>.yaml` | the hookspec; `include_kind!` reads it |
/// | `kinds/<kind>/schemas/<hook>.input.json`, `….output.json` | JSON Schemas, of hooks that have a JSON form |
/// | `kinds/<kind>/v<MAJOR>.openrpc.json` | the same as an OpenRPC document |
/// | `kinds/<kind>/v<MAJOR>.md` | the same for people |
///
/// One kind has always the same files, to the byte. The schemas have the form in which tools are
/// listed, but keep the formats by which readers know a number's type (`uint8`, `float`). The schemas carry no version in their path, as
/// the specification wants it: two majors of a kind do not fit in one folder.
#[derive(Clone, Copy, Debug)]
pub struct Hookspec(&'static KindSpec);

/// A file of a hookspec that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", path.display())]
#[non_exhaustive]
pub struct HookspecError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Hookspec {
    /// That of the kind `K`: `Hookspec::of::<dyn Chunker>()`.
    pub fn of<K: Kind + ?Sized>() -> Self {
        Self(K::SPEC)
    }

    /// That of `spec`.
    pub const fn new(spec: &'static KindSpec) -> Self {
        Self(spec)
    }

    /// The files, by their path relative to where the hookspecs are.
    pub fn to_files(&self) -> BTreeMap<PathBuf, String> {
        let kind = self.0;
        let hooks: Vec<Hook> = kind.hooks.iter().map(Hook::new).collect();
        let folder = Path::new("kinds").join(kind.name);
        let version = format!("v{}", major(kind.version));

        let mut files = BTreeMap::new();
        for hook in &hooks {
            for (schema, path) in [
                (&hook.input, hook.input_path()),
                (&hook.output, hook.output_path()),
            ] {
                if let Some(schema) = schema {
                    files.insert(
                        folder.join(path),
                        json::pretty(&Value::Object(schema.clone())),
                    );
                }
            }
        }
        let mut add = |extension: &str, text| {
            files.insert(folder.join(format!("{version}.{extension}")), text);
        };
        add("yaml", yaml::document(kind, &hooks));
        add(
            "openrpc.json",
            json::pretty(&openrpc::document(kind, &hooks)),
        );
        add("md", markdown::page(kind, &hooks));
        files
    }

    /// Writes the files below `folder`, over what is there, and says which.
    ///
    /// # Errors
    ///
    /// Where a folder cannot be made or a file cannot be written. Files written before stay.
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, HookspecError> {
        let mut written = Vec::new();
        for (path, text) in self.to_files() {
            let path = folder.as_ref().join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|source| HookspecError {
                    path: parent.to_owned(),
                    source,
                })?;
            }
            match fs::write(&path, text) {
                Ok(()) => written.push(path),
                Err(source) => return Err(HookspecError { path, source }),
            }
        }
        Ok(written)
    }
}

/// `1` of `1.0.0`.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// A hook with its schemas, made once.
struct Hook {
    spec: &'static KindHook,
    input: Option<Schema>,
    output: Option<Schema>,
}

impl Hook {
    fn new(spec: &'static KindHook) -> Self {
        Self {
            spec,
            input: (spec.input_schema)(),
            output: (spec.output_schema)(),
        }
    }

    fn input_path(&self) -> String {
        format!("schemas/{}.input.json", self.spec.name)
    }

    fn output_path(&self) -> String {
        format!("schemas/{}.output.json", self.spec.name)
    }

    /// The parameters and their schemas, in the order of the trait.
    fn params(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        static ANYTHING: LazyLock<Value> = LazyLock::new(|| Map::new().into());
        let properties = self
            .input
            .as_ref()
            .and_then(|input| input.get("properties"));
        self.spec.params.iter().map(move |name| {
            let schema = properties.and_then(|properties| properties.get(name));
            (*name, schema.unwrap_or(&ANYTHING))
        })
    }

    /// What MCP clients are told of it, by MCP's names.
    fn annotations(&self) -> Vec<(&'static str, Value)> {
        let given = self.spec.annotations;
        let title = given.title.map(|title| ("title", Value::from(title)));
        let hints = given.hints().map(|(name, hint)| (name, Value::from(hint)));
        title.into_iter().chain(hints).collect()
    }

    /// Whether a call must give the parameter.
    fn requires(&self, param: &str) -> bool {
        self.input
            .as_ref()
            .is_some_and(|input| required(input).any(|name| name == param))
    }

    /// Whether a reader of the input schema, whose properties have no order, finds the order of the
    /// parameters by the rule that `include_kind!` has: required ones as `required` lists them, then
    /// the rest by name.
    fn has_usual_order(&self) -> bool {
        let Some(input) = &self.input else {
            return self.spec.params.is_empty();
        };
        let mut rest: Vec<&str> = input
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        rest.retain(|name| !self.requires(name));
        rest.sort_unstable();
        required(input)
            .chain(rest)
            .eq(self.spec.params.iter().copied())
    }
}

fn required(schema: &Schema) -> impl Iterator<Item = &str> {
    schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
