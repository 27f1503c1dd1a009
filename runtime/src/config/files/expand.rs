//! From the merged layers to JSON, with `${VAR}` expanded on the way.

use std::collections::BTreeMap;
use std::fmt;

use config::{Value, ValueKind};
use dagstack_plugin::secrets::is_secret_name;
use serde_json::{Map, Number};

/// What the origin of a value begins with that came from a variable: it is not expanded itself.
pub(super) const FROM_VARIABLE: &str = "environment variable ";

type Variables = BTreeMap<String, String>;

/// What cannot be made of a merged tree; all of it at once.
#[derive(Debug)]
pub(super) struct Unexpanded(Vec<String>);

impl fmt::Display for Unexpanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n  "))
    }
}

impl std::error::Error for Unexpanded {}

/// The tree as JSON.
pub(super) fn to_json(tree: Value, variables: &Variables) -> Result<serde_json::Value, Unexpanded> {
    let mut walk = Walk {
        variables,
        path: Vec::new(),
        problems: Vec::new(),
    };
    let json = walk.value(tree, false);
    if walk.problems.is_empty() {
        Ok(json)
    } else {
        walk.problems.sort();
        Err(Unexpanded(walk.problems))
    }
}

struct Walk<'a> {
    variables: &'a Variables,
    path: Vec<String>,
    problems: Vec<String>,
}

impl Walk<'_> {
    fn problem(&mut self, origin: Option<&str>, what: &str) {
        let path = self.path.join(".").replace(".[", "[");
        let origin = origin.unwrap_or("an unnamed layer");
        self.problems.push(format!("{origin}: `{path}`: {what}"));
    }

    /// `secret`: whether it stands under a secret name.
    fn value(&mut self, value: Value, secret: bool) -> serde_json::Value {
        let origin = value.origin().map(str::to_owned);
        let is_final = origin
            .as_ref()
            .is_some_and(|it| it.starts_with(FROM_VARIABLE));
        match value.kind {
            ValueKind::Nil => serde_json::Value::Null,
            ValueKind::Boolean(truth) => truth.into(),
            ValueKind::I64(number) => number.into(),
            ValueKind::U64(number) => number.into(),
            ValueKind::I128(_) | ValueKind::U128(_) => {
                self.problem(origin.as_deref(), "the number needs more than 64 bits");
                serde_json::Value::Null
            }
            ValueKind::Float(number) => match Number::from_f64(number) {
                Some(number) => number.into(),
                None => {
                    self.problem(origin.as_deref(), "JSON has no such number");
                    serde_json::Value::Null
                }
            },
            ValueKind::String(text) if is_final => text.into(),
            ValueKind::String(text) => self.text(text, secret, origin.as_deref()),
            ValueKind::Table(table) => {
                let mut members = Map::new();
                for (key, value) in table {
                    let secret = secret || is_secret_name(&key);
                    self.path.push(key.clone());
                    members.insert(key, self.value(value, secret));
                    self.path.pop();
                }
                members.into()
            }
            ValueKind::Array(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(format!("[{index}]"));
                    values.push(self.value(item, secret));
                    self.path.pop();
                }
                values.into()
            }
        }
    }

    fn text(&mut self, text: String, secret: bool, origin: Option<&str>) -> serde_json::Value {
        if !text.contains('$') {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut parts = 0;
        while let Some(at) = rest.find('$') {
            let (before, dollar) = rest.split_at(at);
            out.push_str(before);
            parts += usize::from(!before.is_empty());
            if let Some(after) = dollar.strip_prefix("$$") {
                out.push('$');
                parts += 2;
                rest = after;
            } else if let Some((body, after)) = dollar
                .strip_prefix("${")
                .and_then(|body| body.split_once('}'))
            {
                match self.variable(body) {
                    Ok(value) => out.push_str(value),
                    // What is no name may be a part of a secret, so it is not quoted.
                    Err(name) if !is_name(name) => self.problem(
                        origin,
                        "`${…}` holds no name of a variable; write `$${` for a dollar sign and a brace",
                    ),
                    Err(name) => self.problem(
                        origin,
                        &format!(
                            "the environment variable `{name}` is not set; set it, or give a default: `${{{name}:-…}}`"
                        ),
                    ),
                }
                parts += 1;
                rest = after;
            } else {
                out.push('$');
                parts += 2;
                rest = dollar.strip_prefix('$').unwrap_or_default();
            }
        }
        out.push_str(rest);
        parts += usize::from(!rest.is_empty());
        // Nothing but one variable.
        if parts == 1 && !secret {
            return number_or_text(out);
        }
        out.into()
    }

    /// The value that `VAR` or `VAR:-default` stands for, else the variable's name.
    fn variable<'b>(&'b self, body: &'b str) -> Result<&'b str, &'b str> {
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (body.trim(), None),
        };
        let value = self.variables.get(name).map(String::as_str);
        match (value, default) {
            (Some(""), Some(default)) | (None, Some(default)) => Ok(default),
            (Some(value), _) => Ok(value),
            (None, None) => Err(name),
        }
    }
}

/// Whether a shell would take it for a variable's name.
fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What a text from the environment stands for, where it is the whole value of `key`.
pub(super) fn scalar(key: &str, text: &str) -> ValueKind {
    if is_secret_name(key) {
        return ValueKind::String(text.to_owned());
    }
    match number_or_text(text.to_owned()) {
        serde_json::Value::Bool(truth) => ValueKind::Boolean(truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => ValueKind::I64(number),
            (None, Some(number)) => ValueKind::U64(number),
            (None, None) => number
                .as_f64()
                .map_or_else(|| ValueKind::String(text.to_owned()), ValueKind::Float),
        },
        _ => ValueKind::String(text.to_owned()),
    }
}

/// A boolean or a number, if the text is exactly how one is written.
fn number_or_text(text: String) -> serde_json::Value {
    match text.as_str() {
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
