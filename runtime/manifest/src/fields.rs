//! Reading typed fields out of a tree, and collecting every mistake on the way.

use std::collections::{BTreeMap, HashSet};

use dagstack_plugin_core::secrets::is_secret_name;
use serde_json::{Map, Value};

use super::node::{Data, Node};
use super::problem::ManifestProblem;

/// One field that is there: its dotted key and its value.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) key: String,
    pub(super) node: &'a Node,
}

/// The fields of one table. Each [`take`](Self::take) makes a key known; in the end
/// [`finish`](Self::finish) reports the others.
pub(super) struct Fields<'a> {
    path: String,
    entries: &'a [(String, Node)],
    known: Vec<&'static str>,
}

/// The mistakes so far.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<ManifestProblem>);

impl Problems {
    pub(super) fn add(&mut self, field: &Field<'_>, message: impl Into<String>) {
        self.at(field.key.clone(), field.node.line, message);
    }

    pub(super) fn at(
        &mut self,
        key: impl Into<String>,
        line: Option<usize>,
        message: impl Into<String>,
    ) {
        self.0.push(ManifestProblem {
            key: key.into(),
            line,
            message: message.into(),
        });
    }

    fn wrong<T>(&mut self, field: &Field<'_>, expected: &str, mend: &str) -> Option<T> {
        let found = field.found();
        self.add(field, format!("found {found}, expected {expected}; {mend}"));
        None
    }

    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<String> {
        match &field.node.data {
            Data::Text(text) => Some(text.clone()),
            Data::Integer(_) | Data::Float(_) | Data::Bool(_) => {
                self.wrong(field, "text", "put it in quotes")
            }
            _ => self.wrong(field, "text", "write it as `\"…\"`"),
        }
    }

    /// Text that is not empty.
    pub(super) fn word(&mut self, field: &Field<'_>) -> Option<String> {
        let text = self.text(field)?;
        if text.trim().is_empty() {
            return self.wrong(
                field,
                "text that is not empty",
                "write one or remove the key",
            );
        }
        Some(text)
    }

    pub(super) fn boolean(&mut self, field: &Field<'_>) -> Option<bool> {
        match &field.node.data {
            Data::Bool(truth) => Some(*truth),
            _ => self.wrong(field, "`true` or `false`", "write it without quotes"),
        }
    }

    pub(super) fn integer(&mut self, field: &Field<'_>, least: u32) -> Option<u32> {
        let expected = format!("a whole number from {least} to {}", u32::MAX);
        let mend = match &field.node.data {
            Data::Integer(integer) => match u32::try_from(*integer) {
                Ok(integer) if integer >= least => return Some(integer),
                _ if least > 0 && *integer <= 0 => "remove the key to have the default".to_owned(),
                _ => "choose one in that range".to_owned(),
            },
            Data::Float(float) if (1.0..1e9).contains(float) => format!("write `{float:.0}`"),
            Data::Text(text) if text.parse::<u32>().is_ok() => "remove the quotes".to_owned(),
            _ => format!("write for example `{}`", least.max(10)),
        };
        self.wrong(field, &expected, &mend)
    }

    pub(super) fn list<'a>(&mut self, field: &Field<'a>) -> Option<Vec<Field<'a>>> {
        let Data::List(items) = &field.node.data else {
            return self.wrong(field, "a list", "put it in square brackets");
        };
        let item = |(index, node)| Field {
            key: format!("{}[{index}]", field.key),
            node,
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// A list of labels. Empty ones label nothing.
    pub(super) fn labels(&mut self, field: &Field<'_>) -> Option<Vec<String>> {
        let items = self.list(field)?;
        let texts: Vec<_> = items.iter().map(|item| self.text(item)).collect();
        let mut texts = texts.into_iter().collect::<Option<Vec<_>>>()?;
        texts.retain(|text| !text.trim().is_empty());
        Some(texts)
    }

    /// A list of texts that are not empty.
    pub(super) fn words(&mut self, field: &Field<'_>) -> Option<Vec<String>> {
        let items = self.list(field)?;
        let words: Vec<_> = items.iter().map(|item| self.word(item)).collect();
        words.into_iter().collect()
    }

    pub(super) fn table<'a>(&mut self, field: &Field<'a>) -> Option<&'a [(String, Node)]> {
        let table = field.node.table();
        if table.is_none() {
            return self.wrong(field, "a table", "write it as `{ key = value }`");
        }
        table
    }

    pub(super) fn fields<'a>(&mut self, field: &Field<'a>) -> Option<Fields<'a>> {
        let entries = self.table(field)?;
        Some(Fields::new(field.key.clone(), entries, self))
    }

    /// A table of free keys.
    pub(super) fn free(&mut self, field: &Field<'_>) -> Option<Map<String, Value>> {
        self.fields(field)?;
        match field.node.to_json() {
            Some(Value::Object(map)) => Some(map),
            _ => {
                let message = "found a number that JSON lacks (`nan`, `inf` or one beyond 64 bits), \
                               expected one it has; write it as text";
                self.add(field, message);
                None
            }
        }
    }

    /// A table of texts.
    pub(super) fn texts(&mut self, field: &Field<'_>) -> Option<BTreeMap<String, String>> {
        let entries = self.fields(field)?.entries;
        let entry = |(name, node): &(String, Node)| {
            let field = Field {
                key: join(&field.key, name),
                node,
            };
            Some((name.clone(), self.text(&field)?))
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        entries.into_iter().collect()
    }

    /// One of the names of an enum.
    pub(super) fn name<T: Copy>(
        &mut self,
        field: &Field<'_>,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(field)?;
        if let Some(value) = all.iter().find(|value| name(**value) == text) {
            return Some(*value);
        }
        let names: Vec<_> = all.iter().map(|value| name(*value)).collect();
        let expected = format!("one of `{}`", names.join("`, `"));
        let mend = match nearest(&text, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "choose one of them".to_owned(),
        };
        self.wrong(field, &expected, &mend)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        path: impl Into<String>,
        entries: &'a [(String, Node)],
        problems: &mut Problems,
    ) -> Self {
        let path = path.into();
        // TOML's parser refuses these itself, JSON's does not.
        let mut seen = HashSet::new();
        for (name, node) in entries {
            if !seen.insert(name) {
                let message = "found the key twice, expected it once; remove one";
                problems.at(join(&path, name), node.line, message);
            }
        }
        Self {
            path,
            entries,
            known: Vec::new(),
        }
    }

    /// The field of that name, if it is there and not null.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.known.push(name);
        let (_, node) = self
            .entries
            .iter()
            .find(|(key, node)| key == name && !node.is_null())?;
        Some(Field {
            key: self.key(name),
            node,
        })
    }

    /// The same, where empty text stands for nothing.
    pub(super) fn take_said(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.take(name)
            .filter(|field| !matches!(&field.node.data, Data::Text(text) if text.trim().is_empty()))
    }

    /// Whether a key is there that somebody took.
    pub(super) fn has_known(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|(name, _)| self.known.contains(&name.as_str()))
    }

    /// Whether the table has no such key.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.entries.iter().all(|(key, _)| key != name)
    }

    /// The key that a name stands for, or nearly does.
    pub(super) fn meant_by(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.known.iter().copied())
    }

    pub(super) fn key(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Reports the keys that nobody took.
    pub(super) fn finish(&self, problems: &mut Problems) {
        for (name, node) in self.entries {
            if self.known.contains(&name.as_str()) {
                continue;
            }
            let mend = match nearest(name, self.known.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None if matches!(
                    self.path.as_str(),
                    "" | "plugin" | "tool.dagstack.plugin" | "dagstack"
                ) =>
                {
                    "remove it, or move it into the `metadata` table".to_owned()
                }
                None => format!("remove it; known keys are `{}`", self.known.join("`, `")),
            };
            problems.at(
                join(&self.path, name),
                node.line,
                format!("found an unknown key; {mend}"),
            );
        }
    }
}

impl Field<'_> {
    /// What it is, for a message. Only what cannot be a secret is quoted.
    pub(super) fn found(&self) -> String {
        let parts = || self.key.split(['.', '[', '"']);
        let quiet = parts().any(|part| {
            is_secret_name(part) || matches!(part, "auth" | "env" | "command" | "metadata")
        });
        match &self.node.data {
            Data::Null => "null".to_owned(),
            Data::Bool(_) if quiet => "a boolean".to_owned(),
            Data::Bool(truth) => format!("the boolean `{truth}`"),
            Data::Integer(_) | Data::Float(_) if quiet => "a number".to_owned(),
            Data::Integer(integer) => format!("the number `{integer}`"),
            Data::Float(float) => format!("the number `{float:?}`"),
            Data::Text(text) if text.is_empty() => "empty text".to_owned(),
            // A URL may carry a password or a token.
            Data::Text(text) if quiet || text.contains(['@', '?']) => "text".to_owned(),
            Data::Text(text) if text.chars().count() > 60 => "a long text".to_owned(),
            Data::Text(text) => format!("the text `{}`", text.escape_debug()),
            Data::Date(_) => "a date or time".to_owned(),
            Data::Huge => "a number beyond 64 bits".to_owned(),
            Data::List(items) if items.is_empty() => "an empty list".to_owned(),
            Data::List(_) => "a list".to_owned(),
            Data::Table(_) => "a table".to_owned(),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    let bare = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let name = if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    };
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// The candidate that is a slip of the pen away. Stricter than other guesses: what stands beside a
/// manifest, `[bin]` say, is mostly no key of it.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    candidates
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
