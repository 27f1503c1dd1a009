//! Reading a manifest: TOML or JSON, in any of the accepted shapes.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use toml::de::DeTable;

use super::fields::{Field, Fields, Problems};
use super::node::{Data, Lines, Node};
use super::outside::Outside;
use super::range::is_version;
use super::{
    ChainWrap, Dependency, ExecutionModel, FILE_NAMES, IdempotencyMode, Manifest, ManifestError,
    Resources, Runtime, UnitOfWork, VersionRange,
};

/// No manifest in earnest is larger.
const MAX_BYTES: u64 = 1 << 20;
const TOO_LARGE: &str = "found more than 1 MiB, expected a manifest; name the right file";

impl Manifest {
    /// Reads a manifest file, TOML or JSON (its content decides), or the one in a folder:
    /// `dagstack.toml`, else `dagstack.json`. A table `[plugin]` wins over
    /// `[tool.dagstack.plugin]`; without either the document itself is the manifest. What could
    /// be said better is in [`warnings`](Self::warnings).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is larger than 1 MiB or no UTF-8, and with every mistake
    /// that is in it.
    ///
    /// ```
    /// use dagstack_plugin::manifest::Manifest;
    ///
    /// let error = Manifest::load("no/such/folder").unwrap_err();
    /// assert!(error.to_string().contains("no/such/folder"));
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ManifestError> {
        let path = path.as_ref();
        let file = if path.is_dir() {
            file_in(path)?
        } else {
            path.to_owned()
        };
        let failed =
            |error: std::io::Error| ManifestError::whole(&file, format!("cannot be read: {error}"));
        // A pipe or device would be read for ever.
        if !std::fs::metadata(&file).map_err(failed)?.is_file() {
            let message = "found no regular file, expected a manifest; name the right file";
            return Err(ManifestError::whole(&file, message));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&file)
            .and_then(|reader| reader.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ManifestError::whole(&file, TOO_LARGE));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            ManifestError::whole(
                &file,
                format!(
                    "found bytes that are no UTF-8 (at byte {at}), expected text; save it as UTF-8"
                ),
            )
        })?;
        Self::parse(&text, file)
    }

    /// Reads a manifest from its text; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// With every mistake that is in the text.
    ///
    /// ```
    /// use dagstack_plugin::manifest::Manifest;
    ///
    /// let manifest = Manifest::new("tool", "echo");
    /// let error = Manifest::parse(&manifest.to_toml(), "dagstack.toml").unwrap_err();
    /// assert_eq!(error.problems[0].key, "plugin.entry_point");
    /// ```
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Self, ManifestError> {
        let path = path.as_ref();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() as u64 > MAX_BYTES {
            return Err(ManifestError::whole(path, TOO_LARGE));
        }
        let mut problems = Problems::default();
        let is_json = text.trim_start().starts_with('{');
        let root = if is_json {
            serde_json::from_str(text).map_err(|error| {
                ManifestError::whole(path, format!("found no valid JSON: {error}"))
            })?
        } else {
            toml(text, path)?
        };
        if root.table().is_none_or(<[_]>::is_empty) {
            let message = "found an empty document, expected a `[plugin]` table; add one with \
                           `name`, `kind`, `core_version` and `runtime`";
            return Err(ManifestError::whole(path, message));
        }
        let place = if is_json {
            json_shape(&root)
        } else {
            toml_shape(&root)
        };
        let key = place.key.clone();
        let manifest = problems.table(&place).map(|entries| {
            let mut fields = Fields::new(&*key, entries, &mut problems);
            let mut manifest = manifest(&mut fields, &mut problems, true);
            if !key.is_empty() {
                let outside = Outside {
                    is_json,
                    key: &key,
                };
                outside.look(&root, &fields, &mut manifest.warnings, &mut problems);
            } else if !fields.has_known() {
                problems = Problems::default();
                let message = "found none of a manifest's keys, expected a `[plugin]` table (in JSON \
                               an object under `plugin` or `dagstack`); add one with `name`, \
                               `kind`, `core_version` and `runtime`, or name the right file";
                problems.at("", None, message);
            }
            manifest
        });
        conclude(manifest, problems, path)
    }

    /// Reads what [`to_json_value`](Self::to_json_value) wrote, in this process or another. It
    /// may lack addresses: the reader already talks to the plugin.
    ///
    /// # Errors
    ///
    /// With every mistake that is in `value`.
    ///
    /// ```
    /// use dagstack_plugin::manifest::Manifest;
    ///
    /// let manifest = Manifest::new("tool", "echo");
    /// assert_eq!(Manifest::from_json_value(&manifest.to_json_value())?, manifest);
    /// # Ok::<(), dagstack_plugin::manifest::ManifestError>(())
    /// ```
    pub fn from_json_value(value: &Value) -> Result<Self, ManifestError> {
        let path = Path::new("manifest");
        let root = Node::deserialize(value)
            .map_err(|error| ManifestError::whole(path, error.to_string()))?;
        let Some(entries) = root.table() else {
            return Err(ManifestError::whole(
                path,
                "found no object, expected a manifest",
            ));
        };
        let mut problems = Problems::default();
        let mut fields = Fields::new("", entries, &mut problems);
        let manifest = manifest(&mut fields, &mut problems, false);
        conclude(Some(manifest), problems, path)
    }
}

fn conclude(
    manifest: Option<Manifest>,
    Problems(mut problems): Problems,
    path: &Path,
) -> Result<Manifest, ManifestError> {
    match manifest {
        Some(manifest) if problems.is_empty() => Ok(manifest),
        _ => {
            // Stable: what has no line keeps its place behind what has one.
            problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
            Err(ManifestError {
                path: path.to_owned(),
                problems,
            })
        }
    }
}

fn file_in(folder: &Path) -> Result<PathBuf, ManifestError> {
    FILE_NAMES
        .iter()
        .map(|name| folder.join(name))
        .find(|file| file.exists())
        .ok_or_else(|| {
            let message = "found neither `dagstack.toml` nor `dagstack.json` in the folder";
            ManifestError::whole(folder, message)
        })
}

fn toml(text: &str, path: &Path) -> Result<Node, ManifestError> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node::from_toml(text, table));
    }
    let lines = Lines::of(text);
    let mut problems = Problems::default();
    // The parser's own message quotes no values; its display would.
    for error in errors.iter().take(20) {
        let line = error.span().map(|span| lines.at(span.start));
        problems.at(
            "",
            line,
            format!("found no valid TOML: {}", error.message()),
        );
    }
    Err(ManifestError {
        path: path.to_owned(),
        problems: problems.0,
    })
}

/// `[plugin]`, `[tool.dagstack.plugin]`, or the document itself.
fn toml_shape(root: &Node) -> Field<'_> {
    let tool = || root.get("tool")?.get("dagstack")?.get("plugin");
    let (key, node) = match (root.get("plugin"), tool()) {
        (Some(node), _) => ("plugin", node),
        (None, Some(node)) => ("tool.dagstack.plugin", node),
        (None, None) => ("", root),
    };
    let key = key.to_owned();
    Field { key, node }
}

/// `{"plugin": …}`, `{"dagstack": …}`, or the document itself.
fn json_shape(root: &Node) -> Field<'_> {
    let mut inner = ["plugin", "dagstack"].into_iter();
    let found = inner.find_map(|key| Some((key, root.get(key)?)));
    let (key, node) = found.unwrap_or(("", root));
    let key = key.to_owned();
    Field { key, node }
}

/// Reads the manifest. `strict` is for files, which must say how to reach the plugin.
fn manifest(fields: &mut Fields<'_>, problems: &mut Problems, strict: bool) -> Manifest {
    let mut read = Manifest::new("", "");
    identity(&mut read, fields, problems);
    core_version(&mut read, fields, problems);
    runtimes(&mut read, fields, problems);

    macro_rules! set {
        ($name:ident = $how:ident) => {
            if let Some(field) = fields.take(stringify!($name))
                && let Some(value) = problems.$how(&field)
            {
                read.$name = value;
            }
        };
    }

    // Empty texts are none, as the published hosts have it.
    macro_rules! set_if_said {
        ($($name:ident),*) => {
            $(if let Some(field) = fields.take_said(stringify!($name)) {
                read.$name = problems.text(&field);
            })*
        };
    }

    set_if_said!(
        health_check,
        license,
        maintainer,
        homepage,
        version,
        description
    );
    set!(authors = labels);
    set!(capabilities = labels);
    set!(tryfirst = boolean);
    set!(trylast = boolean);
    set!(supports_languages = labels);
    set!(supports_extensions = labels);
    set!(supports_mime_types = labels);
    set!(fallback = boolean);
    set!(in_process_only = boolean);
    set!(metadata = free);

    for (name, target, least) in [
        ("priority", &mut read.priority, 0),
        ("startup_timeout_sec", &mut read.startup_timeout_sec, 1),
        ("teardown_timeout_sec", &mut read.teardown_timeout_sec, 1),
    ] {
        if let Some(field) = fields.take(name)
            && let Some(value) = problems.integer(&field, least)
        {
            *target = value;
        }
    }
    if let Some(field) = fields.take("execution_model")
        && let Some(value) = problems.name(&field, ExecutionModel::ALL, ExecutionModel::as_str)
    {
        read.execution_model = value;
    }
    depends_on(&mut read, fields, problems);
    tables(&mut read, fields, problems);
    super::address::addresses(&mut read, fields, problems, strict);
    cross_checks(&read, fields, problems);
    fields.finish(problems);
    read
}

fn identity(read: &mut Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    if let Some(field) = fields.take("schema_version")
        && let Some(text) = problems.text(&field)
        && text != "1"
        && !text.starts_with("1.")
    {
        let found = field.found();
        problems.add(
            &field,
            format!("found {found}, expected `1`; write `\"1\"`"),
        );
    }
    for (name, target) in [("name", &mut read.name), ("kind", &mut read.kind)] {
        let Some(field) = fields.take(name) else {
            let message = format!("is missing; write `{name} = \"…\"`");
            problems.at(fields.key(name), None, message);
            continue;
        };
        if let Some(text) = problems.text(&field) {
            check_name(name, &text, &field, problems);
            *target = text;
        }
    }
    if let Some(field) = fields.take("kind_api_version")
        && let Some(text) = problems.text(&field)
    {
        if !is_version(&text) {
            let message = format!(
                "found {}, expected a major (`1`) or full version (`1.0.0`); write `\"1\"`",
                field.found()
            );
            problems.add(&field, message);
        }
        read.kind_api_version = text;
    }
}

fn check_name(name: &str, text: &str, field: &Field<'_>, problems: &mut Problems) {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (good, expected) = if name == "name" {
        (
            text.bytes().next().is_some_and(lower)
                && text
                    .bytes()
                    .all(|byte| lower(byte) || matches!(byte, b'-' | b'_')),
            "lower-case letters, digits, `-` and `_`, a letter or digit first",
        )
    } else {
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '.';
        (
            !text.is_empty() && !text.contains(odd),
            "a word without white space or dots",
        )
    };
    if !good {
        let mut mend: String = text
            .to_lowercase()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .take(40)
            .collect();
        if !mend.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            mend = "my_plugin".to_owned();
        }
        let found = field.found();
        problems.add(
            field,
            format!("found {found}, expected {expected}; write for example `\"{mend}\"`"),
        );
    }
}

fn core_version(read: &mut Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    let current = fields.take("core_version");
    let older = fields.take("dagstack_version");
    if let Some(older) = &older {
        read.warnings.push(format!(
            "`{}` is the older name of `core_version`; rename it",
            older.key
        ));
    }
    let mut ranges = Vec::new();
    for field in [&current, &older].into_iter().flatten() {
        let Some(text) = problems.text(field) else {
            continue;
        };
        if let Err(error) = VersionRange::parse(&text) {
            problems.add(field, error.to_string());
        }
        ranges.push((field, text));
    }
    match ranges.as_slice() {
        [(first, a), (second, b)] if a != b => {
            let message = format!(
                "differs from `{}`, expected one value; remove this key",
                first.key
            );
            problems.add(second, message);
        }
        [] if current.is_none() && older.is_none() => {
            let message = "is missing; write `core_version = \">=0.1.0\"`";
            problems.at(fields.key("core_version"), None, message);
        }
        _ => {}
    }
    if let Some((_, text)) = ranges.into_iter().next() {
        read.core_version = text;
    }
}

fn runtimes(read: &mut Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    read.runtimes.clear();
    let Some(field) = fields.take("runtime") else {
        let message =
            "is missing; write `runtime = \"in_process\"`, `\"mcp_stdio\"` or `\"mcp_http\"`";
        problems.at(fields.key("runtime"), None, message);
        return;
    };
    let items = match &field.node.data {
        Data::List(items) if items.is_empty() => {
            let message =
                "found an empty list, expected at least one runtime; write `\"in_process\"`";
            problems.add(&field, message);
            return;
        }
        Data::List(_) => problems.list(&field).unwrap_or_default(),
        _ => vec![field],
    };
    for item in items {
        match problems.name(&item, Runtime::ALL, Runtime::as_str) {
            Some(runtime) if read.runtimes.contains(&runtime) => {
                problems.add(
                    &item,
                    format!("found `{runtime}` twice, expected it once; remove one"),
                );
            }
            Some(runtime) => read.runtimes.push(runtime),
            None => {}
        }
    }
}

fn depends_on(read: &mut Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    let Some(field) = fields.take("depends_on") else {
        return;
    };
    for item in problems.list(&field).unwrap_or_default() {
        let (kind, name) = if item.node.table().is_some() {
            let Some(mut inner) = problems.fields(&item) else {
                continue;
            };
            let kind = inner.take("kind").and_then(|kind| problems.word(&kind));
            let name = match inner.take("name") {
                Some(name) => problems.word(&name),
                None => {
                    problems.add(
                        &item,
                        "has no `name`; write `{ kind = \"…\", name = \"…\" }`",
                    );
                    None
                }
            };
            inner.finish(problems);
            (kind, name)
        } else {
            (None, problems.word(&item))
        };
        let Some(name) = name else { continue };
        if name == read.name && kind.as_ref().is_none_or(|kind| *kind == read.kind) {
            let message = "names the plugin itself, a dependency cycle; remove it";
            problems.add(&item, message);
        }
        read.depends_on.push(Dependency { kind, name });
    }
}

fn tables(read: &mut Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    if let Some(field) = fields.take("resources")
        && let Some(mut inner) = problems.fields(&field)
    {
        let mut words = |name| inner.take(name).and_then(|field| problems.words(&field));
        read.resources = Resources {
            required: words("required").unwrap_or_default(),
            optional: words("optional").unwrap_or_default(),
        };
        inner.finish(problems);
    }
    if let Some(field) = fields.take("chain_wrap")
        && let Some(mut inner) = problems.fields(&field)
    {
        let mut words = |name| inner.take(name).and_then(|field| problems.words(&field));
        read.chain_wrap = Some(ChainWrap {
            kinds: words("kinds").unwrap_or_default(),
            hooks: words("hooks").unwrap_or_default(),
        });
        inner.finish(problems);
    }
    if let Some(field) = fields.take("unit_of_work")
        && let Some(mut inner) = problems.fields(&field)
    {
        let mut truth = |inner: &mut Fields<'_>, name| {
            let field = inner.take(name)?;
            problems.boolean(&field)
        };
        let declared = truth(&mut inner, "declared").unwrap_or_default();
        let checkpointable = truth(&mut inner, "checkpointable").unwrap_or_default();
        read.unit_of_work = UnitOfWork {
            declared,
            checkpointable,
            partition_key: inner
                .take_said("partition_key")
                .and_then(|field| problems.word(&field)),
            estimated_duration_sec: inner
                .take("estimated_duration_sec")
                .and_then(|field| problems.integer(&field, 1)),
            idempotency_mode: inner
                .take("idempotency_mode")
                .and_then(|field| {
                    problems.name(&field, IdempotencyMode::ALL, IdempotencyMode::as_str)
                })
                .unwrap_or(IdempotencyMode::None),
            content_hash: inner
                .take("content_hash")
                .and_then(|field| problems.words(&field))
                .unwrap_or_default(),
        };
        inner.finish(problems);
    }
}

fn cross_checks(read: &Manifest, fields: &mut Fields<'_>, problems: &mut Problems) {
    if read.tryfirst
        && read.trylast
        && let Some(field) = fields.take("trylast")
    {
        problems.add(
            &field,
            "found both `tryfirst` and `trylast`, expected at most one; remove one",
        );
    }
    let remote = read
        .runtimes
        .iter()
        .find(|runtime| **runtime != Runtime::InProcess);
    if read.in_process_only
        && let Some(runtime) = remote
        && let Some(field) = fields.take("in_process_only")
    {
        let message = format!(
            "found `true` with the runtime `{runtime}`, expected `in_process` alone; \
                               remove one of them"
        );
        problems.add(&field, message);
    }
}
