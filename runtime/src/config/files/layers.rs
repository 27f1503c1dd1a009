//! One file as a layer: read and parsed, every value marked with where it came from.

use std::io::ErrorKind;
use std::path::Path;

use config::{ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::super::ConfigSourceError;

/// The extensions that are looked for in a folder, and read.
pub(super) const EXTENSIONS: [&str; 4] = ["yaml", "yml", "toml", "json"];
/// The name of the files in a folder.
pub(super) const STEM: &str = "app-config";

/// A file's tree.
#[derive(Clone)]
pub(super) struct Layer(Map<String, Value>);

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold secrets.
        f.write_str("Layer")
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layer {
    /// Reads a file. `None` if it is not there and need not be.
    pub(super) fn read(path: &Path, required: bool) -> Result<Option<Self>, ConfigSourceError> {
        let shown = path.display();
        let failed = |why: String| ConfigSourceError::new(format!("{shown}: {why}"));
        let format = format_of(path).ok_or_else(|| {
            failed(format!(
                "its extension does not say what it is; expected one of {}",
                EXTENSIONS.join(", ")
            ))
        })?;
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            // It was there a moment ago, or nobody asked for it by name.
            Err(error) if error.kind() == ErrorKind::NotFound && !required => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}');
        if is_blank(text) {
            return Ok(Some(Self(Map::new())));
        }
        let tree = File::from_str(text, format)
            .collect()
            .map_err(|error| failed(explain(&error, text)))?;
        let origin = shown.to_string();
        let mark = |(key, value): (String, Value)| (key, marked(value, &origin));
        Ok(Some(Self(tree.into_iter().map(mark).collect())))
    }
}

fn format_of(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()? {
        "yaml" | "yml" => Some(FileFormat::Yaml),
        "toml" => Some(FileFormat::Toml),
        "json" => Some(FileFormat::Json),
        _ => None,
    }
}

/// Nothing but comments: no settings, in any format.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    })
}

/// Says of every value which file it is from.
fn marked(value: Value, origin: &String) -> Value {
    let kind = match value.kind {
        ValueKind::Table(table) => {
            let mark = |(key, value): (String, Value)| (key, marked(value, origin));
            ValueKind::Table(table.into_iter().map(mark).collect())
        }
        ValueKind::Array(items) => {
            ValueKind::Array(items.into_iter().map(|it| marked(it, origin)).collect())
        }
        plain => plain,
    };
    Value::new(Some(origin), kind)
}

/// What is wrong with a file, without the line itself: there may be a secret in it.
fn explain(error: &ConfigError, text: &str) -> String {
    let ConfigError::FileParse { cause, .. } = error else {
        return "it cannot be read".to_owned();
    };
    if let Some(error) = cause.downcast_ref::<toml::de::Error>() {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        return format!("it is no TOML: {}, in line {line}", error.message());
    }
    if let Some(error) = cause.downcast_ref::<serde_json::Error>() {
        return format!("it is no JSON: {error}");
    }
    if cause.is::<ConfigError>() || cause.is::<Box<ConfigError>>() {
        return "its root is no table of settings; expected `<kind>: {<name>: …}`".to_owned();
    }
    // The YAML scanner's own words quote nothing but a key that is there twice, and end with the
    // place. Others quote a value.
    let words = cause.to_string();
    match words.rsplit_once(" at byte ") {
        Some((problem, place)) => {
            let place = place.split_once("line ").map_or(place, |(_, line)| line);
            format!("it is no YAML: {problem}, in line {place}")
        }
        None => "it holds YAML that has no place in a config: several documents, a key that is no text, or a number that is none".to_owned(),
    }
}
