//! Reading YAML with the key and the line of every value at hand.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::problem::{Problem, Result};
use crate::words::listed;

/// A value of a YAML file.
#[derive(Clone)]
pub(super) struct Node<'a> {
    file: &'a str,
    /// Where it is, e.g. `hooks[0].dispatch`; empty for the whole file.
    key: String,
    yaml: &'a MarkedYaml<'a>,
}

/// The documents of a file.
pub(super) fn load<'a>(file: &str, text: &'a str) -> Result<Vec<MarkedYaml<'a>>> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let marker = error.marker();
        Problem::new(file, "", format!("no YAML: {}", error.info())).line(marker.line())
    })?;
    if documents.len() == 1 {
        return Ok(documents);
    }
    Err(Problem::new(
        file,
        "",
        format!("expected one YAML document, found {}", documents.len()),
    ))
}

impl<'a> Node<'a> {
    /// The root of a document.
    pub(super) fn root(file: &'a str, yaml: &'a MarkedYaml<'a>) -> Self {
        Self {
            file,
            key: String::new(),
            yaml,
        }
    }

    /// A problem with this value.
    pub(super) fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::new(self.file, self.key.clone(), what).line(self.yaml.span.start.line())
    }

    fn expected(&self, what: &str) -> Problem {
        let found = match &self.yaml.data {
            YamlData::Mapping(_) => "a mapping",
            YamlData::Sequence(_) => "a list",
            YamlData::Value(Scalar::String(_)) => "text",
            YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)) => "a number",
            YamlData::Value(Scalar::Boolean(_)) => "a truth value",
            YamlData::Value(Scalar::Null) => "nothing",
            _ => "something else",
        };
        let problem = self.problem(format!("expected {what}, found {found}"));
        match (&self.yaml.data, what) {
            (YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)), "text") => {
                problem.help("put it in quotes")
            }
            _ => problem,
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<String> {
        match &self.yaml.data {
            YamlData::Value(Scalar::String(text)) if text.trim().is_empty() => {
                Err(self.problem("the text is empty"))
            }
            YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
            _ => Err(self.expected("text")),
        }
    }

    /// One of `known`.
    pub(super) fn one_of(&self, known: &[&str]) -> Result<String> {
        let text = self.text()?;
        if known.contains(&text.as_str()) {
            return Ok(text);
        }
        let problem = self.problem(format!("expected one of {}, found `{text}`", listed(known)));
        Err(problem.meant(&text, known, None))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Result<bool> {
        match &self.yaml.data {
            YamlData::Value(Scalar::Boolean(flag)) => Ok(*flag),
            _ => Err(self.expected("`true` or `false`")),
        }
    }

    /// A list.
    pub(super) fn list(&self) -> Result<Vec<Node<'a>>> {
        match &self.yaml.data {
            YamlData::Sequence(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, yaml)| Node {
                    file: self.file,
                    key: format!("{}[{index}]", self.key),
                    yaml,
                })
                .collect()),
            _ => Err(self.expected("a list")),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Result<Vec<String>> {
        self.list()?.iter().map(Node::text).collect()
    }

    /// The entries of a mapping that has no keys but `known`.
    pub(super) fn entries(self, known: &[&str]) -> Result<Entries<'a>> {
        let YamlData::Mapping(mapping) = &self.yaml.data else {
            return Err(self.expected("a mapping"));
        };
        let mut entries = Vec::new();
        for (key, yaml) in mapping {
            let node = |key: &str| Node {
                file: self.file,
                key: match self.key.as_str() {
                    "" => key.to_owned(),
                    outer => format!("{outer}.{key}"),
                },
                yaml,
            };
            let YamlData::Value(Scalar::String(name)) = &key.data else {
                return Err(node("?").problem("a key is no text"));
            };
            let node = node(name);
            if !known.contains(&name.as_ref()) {
                let problem = node.problem(format!("unknown key; there are {}", listed(known)));
                return Err(problem.meant(name, known, Some("remove it")));
            }
            entries.push((name.to_string(), node));
        }
        Ok(Entries {
            mapping: self,
            entries,
        })
    }
}

/// The entries of a mapping.
pub(super) struct Entries<'a> {
    mapping: Node<'a>,
    entries: Vec<(String, Node<'a>)>,
}

impl<'a> Entries<'a> {
    /// The value of a key that may be left out.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// The first entry.
    pub(super) fn only(&self) -> Result<(&str, &Node<'a>)> {
        match self.entries.as_slice() {
            [(name, node)] => Ok((name, node)),
            entries => Err(self
                .mapping
                .problem(format!("expected one key, found {}", entries.len()))),
        }
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, key: &str, example: &str) -> Result<&Node<'a>> {
        self.get(key).ok_or_else(|| {
            self.mapping
                .problem(format!("the key `{key}` is missing"))
                .help(format!("write `{key}: {example}`"))
        })
    }

    /// A text that may be left out.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>> {
        self.get(key).map(Node::text).transpose()
    }
}
