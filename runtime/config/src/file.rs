//! Reading a file: which format it has, and what is wrong with it.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use crate::node::{Content, Node, Origin};
use crate::text::Problem;
use crate::{json, toml, yaml};

/// The extensions that say which format a file has.
pub const EXTENSIONS: [&str; 4] = ["yaml", "yml", "toml", "json"];

/// What a config file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// TOML 1.
    Toml,
    /// YAML 1.2, its core schema.
    Yaml,
}

impl Format {
    /// What a file's extension says.
    pub fn of_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// What a text looks like, by its first line that says anything.
    fn of_content(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let first = first.unwrap_or_default();
        // `[` begins a table of TOML more often than a list.
        let equals = first.find('=').unwrap_or(usize::MAX);
        let colon = first.find(": ").unwrap_or(match first.ends_with(':') {
            true => first.len() - 1,
            false => usize::MAX,
        });
        match first {
            _ if first.starts_with('{') => Self::Json,
            _ if first.starts_with("---") || first.starts_with("- ") || colon < equals => {
                Self::Yaml
            }
            _ => Self::Toml,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        }
    }
}

/// A larger file is no config.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file cannot be read, in one line that begins with the file and quotes nothing of it.
#[derive(Debug)]
pub struct FileError {
    kind: Option<ErrorKind>,
    message: String,
}

impl FileError {
    /// Whether the file is not there.
    pub fn is_not_found(&self) -> bool {
        self.kind == Some(ErrorKind::NotFound)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FileError {}

/// Reads a file, in the format that is given or else by its content.
///
/// # Errors
///
/// When it cannot be read, or not as that format.
pub fn read(path: &Path, format: Option<Format>) -> Result<Node, FileError> {
    let shown = path.display().to_string();
    let failed = |error: io::Error| FileError {
        kind: Some(error.kind()),
        message: format!("{shown}: {error}"),
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    if read.map_err(failed)? as u64 > MAX_BYTES {
        return Err(FileError {
            kind: None,
            message: format!("{shown}: it is larger than {MAX_BYTES} bytes"),
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| FileError {
        kind: None,
        message: format!("{shown}: it is not UTF-8"),
    })?;
    parse(&text, format, &shown)
}

/// Reads a text that is called `name`, in the format that is given or else by its content. Nothing but
/// comments is an empty table.
///
/// # Errors
///
/// When it cannot be read as that format, or holds no table.
pub fn parse(text: &str, format: Option<Format>, name: &str) -> Result<Node, FileError> {
    let text = text.trim_start_matches('\u{feff}');
    let file = Arc::from(name);
    if is_blank(text) {
        let line = Some(1);
        return Ok(Node::empty(Origin::File { file, line }));
    }
    let format = format.unwrap_or_else(|| Format::of_content(text));
    let parsed = match format {
        Format::Json => json::parse(text, &file),
        Format::Toml => toml::parse(text, &file),
        Format::Yaml => yaml::parse(text, &file),
    };
    let failed = |what: String| FileError {
        kind: None,
        message: format!("{name}: {what}"),
    };
    let root = parsed.map_err(|problem| {
        failed(match problem {
            Problem::Syntax(problem) => format!("it is no {}: {problem}", format.name()),
            Problem::Content(problem) => problem,
        })
    })?;
    match root.content {
        Content::Table(_) => Ok(root),
        _ => Err(failed(
            "its root is no table of settings; expected `<kind>: {<name>: …}`".to_owned(),
        )),
    }
}

/// Nothing but comments: no settings, in any format.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    })
}
