//! YAML 1.2 by its core schema, with the lines of its values.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Number, Value};

use crate::node::{Content, Node, Origin};
use crate::text::Problem;

/// How many values a document may have, those that aliases stand for among them: a few lines of aliases
/// of aliases would fill the memory.
const MAX_VALUES: usize = 100_000;

/// How deep it may nest.
const MAX_DEPTH: usize = 128;

pub(crate) fn parse(text: &str, file: &Arc<str>) -> Result<Node, Problem> {
    let mut loader = Loader {
        file,
        root: None,
        open: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line();
            Problem::Syntax(format!("{}, in line {line}", error.info()))
        })?;
        loader.event(event, span)?;
    }
    loader
        .root
        .ok_or_else(|| Problem::Content("it holds nothing".to_owned()))
}

/// A list or a table that has not ended.
struct Open {
    node: Node,
    anchor: usize,
    /// How many values there were before.
    before: usize,
    /// Of a table: the key whose value comes next, and its line.
    key: Option<(String, usize)>,
}

struct Loader<'t> {
    file: &'t Arc<str>,
    root: Option<Node>,
    open: Vec<Open>,
    /// What aliases stand for, and how many values that is.
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
}

impl Loader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => match self.wants_key() {
                true => self.key(text.into_owned(), line),
                false => {
                    let value =
                        scalar(text, style, tag.as_deref()).map_err(|what| at(line, what))?;
                    let node = self.node(Content::Plain(value), line);
                    let before = self.values;
                    self.count(1)?;
                    self.value(node, anchor, before)
                }
            },
            Event::Alias(anchor) if !self.wants_key() => {
                let count = self.anchors.get(&anchor).map(|(_, count)| *count);
                let inside = || at(line, "an alias inside of what it stands for");
                let before = self.values;
                // Before it is copied.
                self.count(count.ok_or_else(inside)?)?;
                let node = self.anchors.get(&anchor).map(|(node, _)| node.clone());
                self.value(node.ok_or_else(inside)?, 0, before)
            }
            Event::SequenceStart(anchor, _) if !self.wants_key() => {
                self.begin(Content::List(Vec::new()), anchor, line)
            }
            Event::MappingStart(anchor, _) if !self.wants_key() => {
                self.begin(Content::Table(BTreeMap::new()), anchor, line)
            }
            Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                Err(at(line, "a key that is no text"))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.value(open.node, open.anchor, open.before),
                None => Ok(()),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(at(line, "several documents; a config is one"))
            }
            _ => Ok(()),
        }
    }

    fn node(&self, content: Content, line: usize) -> Node {
        let (file, line) = (Arc::clone(self.file), Some(line));
        let origin = Origin::File { file, line };
        Node { content, origin }
    }

    fn begin(&mut self, content: Content, anchor: usize, line: usize) -> Result<(), Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(at(line, "it nests too deep"));
        }
        let before = self.values;
        self.count(1)?;
        self.open.push(Open {
            node: self.node(content, line),
            anchor,
            before,
            key: None,
        });
        Ok(())
    }

    fn count(&mut self, values: usize) -> Result<(), Problem> {
        self.values += values;
        match self.values > MAX_VALUES {
            true => Err(too_many()),
            false => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        let open = self.open.last();
        open.is_some_and(|open| open.key.is_none() && open.node.as_table().is_some())
    }

    fn key(&mut self, key: String, line: usize) -> Result<(), Problem> {
        if let Some(open) = self.open.last_mut() {
            if open.node.get(&key).is_some() {
                return Err(at(line, "a key is there twice"));
            }
            open.key = Some((key, line));
        }
        Ok(())
    }

    /// A value that has ended: it has its place in what is open. `before` it there were so many.
    fn value(&mut self, mut node: Node, anchor: usize, before: usize) -> Result<(), Problem> {
        if anchor > 0 {
            // The copy counts, too: anchors may stand inside of each other.
            let values = self.values - before;
            self.count(values)?;
            let kept = (node.clone(), values);
            self.anchors.insert(anchor, kept);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::Table(members), Some((key, line))) => {
                // A value may begin further down than its key.
                let file = Arc::clone(self.file);
                node.origin = Origin::File {
                    file,
                    line: Some(line),
                };
                members.insert(key, node);
            }
            (Content::List(items), _) => items.push(node),
            _ => {}
        }
        Ok(())
    }
}

fn too_many() -> Problem {
    Problem::Content(format!("it holds more than {MAX_VALUES} values"))
}

fn at(line: usize, what: impl AsRef<str>) -> Problem {
    Problem::Content(format!(
        "it holds YAML that has no place in a config: {}, in line {line}",
        what.as_ref()
    ))
}

/// What a scalar stands for.
fn scalar(
    text: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Value, &'static str> {
    let core = tag.filter(|tag| tag.is_yaml_core_schema());
    match core.map(|tag| tag.suffix.as_str()) {
        Some("str") => return Ok(text.into_owned().into()),
        None if style != ScalarStyle::Plain => return Ok(text.into_owned().into()),
        _ => {}
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        _ => {}
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return integer(digits, 16).unwrap_or_else(|| Ok(text.into_owned().into()));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return integer(digits, 8).unwrap_or_else(|| Ok(text.into_owned().into()));
    }
    let number = text.strip_prefix('+').unwrap_or(&text);
    if let Some(integer) = integer(number, 10) {
        return integer;
    }
    if matches!(
        number.trim_start_matches('-').to_lowercase().as_str(),
        ".inf" | ".nan"
    ) {
        return Err("a number that JSON lacks");
    }
    let is_number = number.bytes().any(|byte| byte.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let float = is_number.then(|| number.parse().ok().and_then(Number::from_f64));
    match float.flatten() {
        Some(number) => Ok(number.into()),
        None => Ok(text.into_owned().into()),
    }
}

/// An integer, if these are digits.
fn integer(digits: &str, radix: u32) -> Option<Result<Value, &'static str>> {
    let magnitude = digits.strip_prefix('-').unwrap_or(digits);
    if magnitude.is_empty() || !magnitude.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let signed = i64::from_str_radix(digits, radix).map(Value::from);
    let number = signed.or_else(|_| u64::from_str_radix(digits, radix).map(Value::from));
    Some(number.map_err(|_| "a number that needs more than 64 bits"))
}
