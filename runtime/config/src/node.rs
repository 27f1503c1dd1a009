//! [`Node`]: a value that knows where it is from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use dagstack_plugin_core::problem::push_key;
use serde_json::{Number, Value};

/// A value of a config, and where it is from.
///
/// Its `Debug` shows none of it: there may be secrets in it.
#[derive(Clone)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Where it is from; of a table that several layers make, the lowest of them.
    pub origin: Origin,
}

/// What a [`Node`] is.
#[derive(Clone)]
pub enum Content {
    /// Anything but a list or a table.
    Plain(Value),
    /// Text that comes from the environment as a whole: it may stand for a number or a boolean.
    Untyped(String),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(BTreeMap<String, Node>),
}

/// Where a value is from, in words fit for the beginning of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File {
        /// As whoever asked for it called it.
        file: Arc<str>,
        /// Counted from 1, where it is known.
        line: Option<usize>,
    },
    /// An environment variable, by its name.
    Variable(Arc<str>),
    /// An argument, as it was written, without its value.
    Argument(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: None } => f.write_str(file),
            Self::File {
                file,
                line: Some(line),
            } => write!(f, "{file}:{line}"),
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::Argument(words) => write!(f, "`{words}`"),
        }
    }
}

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a member of a table.
    Key(String),
    /// To an item of a list.
    Item(usize),
}

/// `base` and what follows as people write it: `tool.sql.limits[0].rows`.
pub fn render(base: &str, steps: &[Step]) -> String {
    let mut path = base.to_owned();
    for step in steps {
        match step {
            Step::Key(key) => push_key(&mut path, key),
            Step::Item(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// An item that would leave a gap in its list, which has `length` items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// How many steps lead to the list.
    pub depth: usize,
    /// How many items it has.
    pub length: usize,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.origin)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Untyped(_) => "Untyped",
            Self::List(_) => "List",
            Self::Table(_) => "Table",
        })
    }
}

impl Node {
    /// A value, all of it from the same place.
    pub fn new(value: Value, origin: Origin) -> Self {
        let node = |value| Self::new(value, origin.clone());
        let content = match value {
            Value::Array(items) => Content::List(items.into_iter().map(node).collect()),
            Value::Object(members) => {
                let members = members.into_iter();
                Content::Table(members.map(|(key, value)| (key, node(value))).collect())
            }
            plain => Content::Plain(plain),
        };
        Self { content, origin }
    }

    /// An empty table.
    pub fn empty(origin: Origin) -> Self {
        let content = Content::Table(BTreeMap::new());
        Self { content, origin }
    }

    /// The members, if it is a table.
    pub fn as_table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.content {
            Content::Table(members) => Some(members),
            _ => None,
        }
    }

    /// The member under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_table()?.get(key)
    }

    /// What stands at the end of some steps.
    pub fn at(&self, steps: &[Step]) -> Option<&Self> {
        steps
            .iter()
            .try_fold(self, |node, step| match (step, &node.content) {
                (Step::Key(key), Content::Table(members)) => members.get(key),
                (Step::Item(index), Content::List(items)) => items.get(*index),
                _ => None,
            })
    }

    /// Takes a member out of a table.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        match &mut self.content {
            Content::Table(members) => members.remove(key),
            _ => None,
        }
    }

    /// Lays a layer over this one: tables key by key, everything else as a whole.
    pub fn lay_over(&mut self, layer: Self) {
        let layer = match (&mut self.content, layer) {
            (
                Content::Table(below),
                Self {
                    content: Content::Table(above),
                    ..
                },
            ) => {
                for (key, node) in above {
                    match below.get_mut(&key) {
                        Some(lower) => lower.lay_over(node),
                        None => {
                            below.insert(key, node);
                        }
                    }
                }
                return;
            }
            (_, layer) => layer,
        };
        *self = layer;
    }

    /// Puts a value where `steps` lead, over what is there, making tables and lists on the way.
    ///
    /// # Errors
    ///
    /// When a list would have a gap.
    pub fn put(&mut self, steps: &[Step], node: Self) -> Result<(), Misplaced> {
        self.put_at(steps, 0, node)
    }

    fn put_at(&mut self, steps: &[Step], depth: usize, node: Self) -> Result<(), Misplaced> {
        let Some(step) = steps.get(depth) else {
            self.lay_over(node);
            return Ok(());
        };
        let origin = &node.origin;
        let nothing = || Self {
            content: Content::Plain(Value::Null),
            origin: origin.clone(),
        };
        let below = match step {
            Step::Key(key) => {
                if !matches!(self.content, Content::Table(_)) {
                    *self = Self::empty(origin.clone());
                }
                let Content::Table(members) = &mut self.content else {
                    return Ok(());
                };
                members.entry(key.clone()).or_insert_with(nothing)
            }
            Step::Item(index) => {
                if !matches!(self.content, Content::List(_)) {
                    let content = Content::List(Vec::new());
                    let origin = origin.clone();
                    *self = Self { content, origin };
                }
                let Content::List(items) = &mut self.content else {
                    return Ok(());
                };
                let length = items.len();
                if *index == length {
                    items.push(nothing());
                }
                let misplaced = Misplaced { depth, length };
                items.get_mut(*index).ok_or(misplaced)?
            }
        };
        below.put_at(steps, depth + 1, node)
    }

    /// Has `see` look at every value, with the steps that lead to it, outer ones first.
    pub fn visit<'n>(&'n self, see: &mut dyn FnMut(&[Step], &'n Self)) {
        self.walk(&mut Vec::new(), see);
    }

    fn walk<'n>(&'n self, steps: &mut Vec<Step>, see: &mut dyn FnMut(&[Step], &'n Self)) {
        see(steps, self);
        let mut go = |step, node: &'n Self| {
            steps.push(step);
            node.walk(steps, see);
            steps.pop();
        };
        match &self.content {
            Content::Table(members) => {
                let members = members.iter();
                members.for_each(|(key, node)| go(Step::Key(key.clone()), node));
            }
            Content::List(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, node)| go(Step::Item(index), node));
            }
            Content::Plain(_) | Content::Untyped(_) => {}
        }
    }

    /// Gives every [`Untyped`](Content::Untyped) text the type that `read` says.
    pub fn set_types(&mut self, read: &mut dyn FnMut(&[Step], &str) -> Value) {
        self.type_below(&mut Vec::new(), read);
    }

    fn type_below(&mut self, steps: &mut Vec<Step>, read: &mut dyn FnMut(&[Step], &str) -> Value) {
        let mut go = |step, node: &mut Self| {
            steps.push(step);
            node.type_below(steps, read);
            steps.pop();
        };
        match &mut self.content {
            Content::Table(members) => {
                let members = members.iter_mut();
                members.for_each(|(key, node)| go(Step::Key(key.clone()), node));
            }
            Content::List(items) => {
                let items = items.iter_mut().enumerate();
                items.for_each(|(index, node)| go(Step::Item(index), node));
            }
            Content::Untyped(text) => {
                let value = read(steps, text);
                *self = Self::new(value, self.origin.clone());
            }
            Content::Plain(_) => {}
        }
    }

    /// The value alone. [`Untyped`](Content::Untyped) text is a number or a boolean if it is written
    /// exactly like one: `5`, `-0.5`, `true`; not `007`.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Plain(value) => value.clone(),
            Content::Untyped(text) => number_or_text(text),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Table(members) => {
                let members = members.iter();
                Value::Object(
                    members
                        .map(|(key, node)| (key.clone(), node.to_json()))
                        .collect(),
                )
            }
        }
    }
}

/// A boolean or a number, if the text is exactly how one is written.
fn number_or_text(text: &str) -> Value {
    match text {
        "true" => return true.into(),
        "false" => return false.into(),
        _ => {}
    }
    if text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && let Ok(number) = text.parse::<Number>()
        && number.to_string() == text
    {
        return number.into();
    }
    text.into()
}
