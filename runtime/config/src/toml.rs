//! TOML, with the lines of its values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::node::{Content, Node, Step, render};
use crate::text::{Lines, Problem};

pub(crate) fn parse(text: &str, file: &Arc<str>) -> Result<Node, Problem> {
    let lines = Lines::of(text, file);
    let table = DeTable::parse(text).map_err(|error| {
        // Its own text would quote the line, and there may be a secret in it.
        let line = error.span().map_or(1, |span| lines.at(span.start));
        Problem::Syntax(format!("{}, in line {line}", error.message()))
    })?;
    let mut walk = Walk {
        lines,
        steps: Vec::new(),
    };
    let at = table.span().start;
    let content = walk.table(table.into_inner())?;
    let origin = walk.lines.origin(at);
    Ok(Node { content, origin })
}

struct Walk<'t> {
    lines: Lines<'t>,
    steps: Vec<Step>,
}

impl Walk<'_> {
    /// The path is never quoted from a secret: keys are none.
    fn problem(&self, at: usize, what: &str) -> Problem {
        let (path, line) = (render("", &self.steps), self.lines.at(at));
        Problem::Content(format!("line {line}: `{path}`: {what}"))
    }

    fn table(&mut self, table: DeTable<'_>) -> Result<Content, Problem> {
        let mut members = BTreeMap::new();
        for (key, value) in table {
            let at = key.span().start;
            let key = key.into_inner().into_owned();
            self.steps.push(Step::Key(key.clone()));
            let mut node = self.value(value)?;
            // A value may begin further down than its key.
            node.origin = self.lines.origin(at);
            self.steps.pop();
            members.insert(key, node);
        }
        Ok(Content::Table(members))
    }

    fn value(&mut self, value: Spanned<DeValue<'_>>) -> Result<Node, Problem> {
        let at = value.span().start;
        let content = match value.into_inner() {
            DeValue::String(text) => Content::Plain(text.into_owned().into()),
            DeValue::Integer(integer) => Content::Plain(self.integer(&integer, at)?),
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(Number::from_f64);
                let number = number.ok_or_else(|| {
                    let what = "found a number that JSON lacks (`nan`, `inf`), expected one it has";
                    self.problem(at, what)
                })?;
                Content::Plain(number.into())
            }
            DeValue::Boolean(truth) => Content::Plain(truth.into()),
            DeValue::Datetime(time) => Content::Plain(time.to_string().into()),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    self.steps.push(Step::Item(index));
                    list.push(self.value(item)?);
                    self.steps.pop();
                }
                Content::List(list)
            }
            DeValue::Table(table) => self.table(table)?,
        };
        let origin = self.lines.origin(at);
        Ok(Node { content, origin })
    }

    fn integer(&self, integer: &DeInteger<'_>, at: usize) -> Result<Value, Problem> {
        let (digits, radix) = (integer.as_str(), integer.radix());
        if let Ok(number) = i64::from_str_radix(digits, radix) {
            return Ok(number.into());
        }
        let number = u64::from_str_radix(digits, radix);
        number
            .map(Value::from)
            .map_err(|_| self.problem(at, "the number needs more than 64 bits"))
    }
}
