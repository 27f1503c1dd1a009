//! One tree for TOML and JSON, with line numbers and with keys given twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value, and the line its key stands on.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: Option<usize>,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    /// A TOML date or time.
    Date(String),
    /// An integer beyond 64 bits.
    Huge,
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

impl Node {
    fn new(data: Data) -> Self {
        Self { line: None, data }
    }

    pub(super) fn table(&self) -> Option<&[(String, Node)]> {
        match &self.data {
            Data::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of that key, if it is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.table()?.iter();
        let (_, node) = entries.find(|(name, node)| name == key && !node.is_null())?;
        Some(node)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The value as JSON, for free-form tables. `None` if there is a number that JSON lacks.
    pub(super) fn to_json(&self) -> Option<Value> {
        Some(match &self.data {
            Data::Null => Value::Null,
            Data::Bool(truth) => Value::from(*truth),
            Data::Integer(integer) => match u64::try_from(*integer) {
                Ok(integer) => Value::from(integer),
                Err(_) => Value::from(i64::try_from(*integer).ok()?),
            },
            Data::Float(float) => Value::Number(serde_json::Number::from_f64(*float)?),
            Data::Text(text) | Data::Date(text) => Value::from(text.as_str()),
            Data::Huge => return None,
            Data::List(items) => {
                Value::Array(items.iter().map(Node::to_json).collect::<Option<_>>()?)
            }
            Data::Table(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| Some((key.clone(), node.to_json()?)))
                    .collect::<Option<Map<_, _>>>()?,
            ),
        })
    }

    pub(super) fn from_toml(text: &str, table: Spanned<DeTable<'_>>) -> Self {
        let lines = Lines::of(text);
        lines.table(table)
    }
}

/// Where the lines of a text start.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    pub(super) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).max(1)
    }

    fn table(&self, table: Spanned<DeTable<'_>>) -> Node {
        let line = Some(self.at(table.span().start));
        let entries = table.into_inner().into_iter().map(|(key, value)| {
            let line = Some(self.at(key.span().start));
            let mut node = self.value(value);
            node.line = line;
            (key.into_inner().into_owned(), node)
        });
        let mut entries: Vec<_> = entries.collect();
        // In the order of the file, not of the alphabet.
        entries.sort_by_key(|(_, node)| node.line);
        Node {
            line,
            data: Data::Table(entries),
        }
    }

    fn value(&self, value: Spanned<DeValue<'_>>) -> Node {
        let span = value.span();
        let data = match value.into_inner() {
            DeValue::String(text) => Data::Text(text.into_owned()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Data::Huge, |integer| Data::Integer(integer.into())),
            DeValue::Float(float) => float.as_str().parse().map_or(Data::Huge, Data::Float),
            DeValue::Boolean(truth) => Data::Bool(truth),
            DeValue::Datetime(date) => Data::Date(date.to_string()),
            DeValue::Array(items) => {
                Data::List(items.into_iter().map(|item| self.value(item)).collect())
            }
            DeValue::Table(table) => return self.table(Spanned::new(span, table)),
        };
        Node {
            line: Some(self.at(span.start)),
            data,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::new(Data::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::new(Data::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::new(Data::Integer(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::new(Data::Integer(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::new(Data::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::new(Data::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::new(Data::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Node::new(Data::Table(table)))
    }
}
