//! What a plain schema says in words.

use dagstack_plugin_core::schema::Schema;
use serde_json::{Map, Value};

use super::super::kinds::Kinds;
use super::form::Form;

/// The words about a value, and its default.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    description: Option<String>,
    /// What keywords do not say.
    lines: Vec<String>,
    default: Option<Value>,
}

/// No more values are listed.
const LISTED: usize = 30;

impl Words {
    /// What a schema says in words, and in keywords that have no plain form.
    pub(super) fn of(schema: &Schema) -> Self {
        let mut words = Self {
            description: text(schema.get("description")),
            lines: Vec::new(),
            default: schema.get("default").filter(|it| !it.is_null()).cloned(),
        };
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("exclusiveMinimum", Value::Number(_)) if !is_integer(schema) => {
                    words.add(format!("More than {value}."));
                }
                ("exclusiveMaximum", Value::Number(_)) if !is_integer(schema) => {
                    words.add(format!("Less than {value}."));
                }
                ("multipleOf", value) => words.add(format!("A multiple of {value}.")),
                ("format", Value::String(format)) if format != "date-time" => {
                    words.add(format!("Format: `{format}`."));
                }
                ("uniqueItems", Value::Bool(true)) => words.add("Without duplicates."),
                ("deprecated", Value::Bool(true)) => words.add("Deprecated."),
                ("examples", Value::Array(examples)) if !examples.is_empty() => {
                    words.add(format!("For example {}.", list(examples)));
                }
                _ => {}
            }
        }
        words
    }

    /// Of two plain schemas, of which one is true.
    pub(super) fn of_either(left: &Value, right: &Value) -> Self {
        let [left, right] = [left, right].map(|it| text(it.get("description")));
        let description = match (left, right) {
            (Some(left), Some(right)) if left != right => Some(format!("{left}\n\nOr: {right}")),
            (left, right) => left.or(right),
        };
        Self {
            description,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, line: impl Into<String>) {
        let line = line.into();
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Lists the values that there may be.
    pub(super) fn values(&mut self, values: &[Value]) {
        self.add(match values {
            [only] => format!("Always {only}."),
            values => format!("One of {}.", list(values)),
        });
    }

    /// These words and what others say of the same: where it stands goes before what it is.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.description = self.description.or(other.description);
        self.default = self.default.or(other.default);
        other.lines.into_iter().for_each(|line| self.add(line));
        self
    }

    /// Puts them into a plain schema.
    pub(super) fn put(self, schema: &mut Map<String, Value>) {
        let lines = (!self.lines.is_empty()).then(|| self.lines.join("\n"));
        let all: Vec<String> = self.description.into_iter().chain(lines).collect();
        if !all.is_empty() {
            schema.insert("description".to_owned(), all.join("\n\n").into());
        }
        if let Some(default) = self.default {
            schema.insert("default".to_owned(), default);
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value.and_then(Value::as_str);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_integer(schema: &Schema) -> bool {
    schema.get("type").is_some_and(|kind| kind == "integer")
}

fn list(values: &[Value]) -> String {
    let mut shown: Vec<String> = values
        .iter()
        .take(LISTED)
        .map(|value| match value {
            Value::String(text) => format!("`{text}`"),
            other => other.to_string(),
        })
        .collect();
    if values.len() > LISTED {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// The forms of values that are listed; `null` is none.
pub(super) fn of_values(values: &[&Value]) -> Vec<Form> {
    let mut forms: Vec<(&str, Vec<Value>)> = Vec::new();
    for value in values.iter().filter(|value| !value.is_null()) {
        let kind = match value {
            Value::Number(_) if Kinds::of_value(value).has(Kinds::INTEGER) => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            _ => "object",
        };
        match forms.iter_mut().find(|(it, _)| *it == kind) {
            Some((_, same)) if same.contains(value) => {}
            Some((_, same)) => same.push((*value).clone()),
            None => forms.push((kind, vec![(*value).clone()])),
        }
    }
    forms
        .into_iter()
        .map(|(kind, values)| {
            let mut form = Form::of(kind);
            form.set("enum", values.into());
            form
        })
        .collect()
}

/// The line about one of several variants: by what it is known, and what it is.
pub(super) fn of_variant(forms: &[Form], words: &Words) -> Option<String> {
    let described = words.description.as_deref();
    let name = match forms {
        [only] => known_by(only),
        _ => None,
    };
    match (name, described) {
        (Some(name), Some(text)) => Some(format!("{name}: {text}")),
        (Some(name), None) if name.contains(" with ") => Some(format!("{name}.")),
        (None, Some(text)) => Some(text.to_owned()),
        _ => None,
    }
}

/// A value that is the only one, or a member that is; with the other members that are needed.
fn known_by(form: &Form) -> Option<String> {
    let only = |value: Option<&Value>| match value.and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => Some(list(std::slice::from_ref(only))),
        _ => None,
    };
    if let Some(value) = only(form.get("enum")) {
        return Some(value);
    }
    let required = form.get("required").and_then(Value::as_array)?;
    let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    let properties = form.get("properties").and_then(Value::as_object)?;
    let tag = required.iter().find_map(|name| {
        let value = only(properties.get(*name)?.get("enum"))?;
        Some((*name, format!("`{name}` {value}")))
    });
    let (tag, name) = match (tag, &required[..]) {
        (Some(tag), _) => tag,
        (None, [only]) => (*only, format!("`{only}`")),
        _ => return None,
    };
    let others: Vec<String> = required
        .iter()
        .filter(|name| **name != tag)
        .map(|name| format!("`{name}`"))
        .collect();
    match others.is_empty() {
        true => Some(name),
        false => Some(format!("{name} with {}", others.join(", "))),
    }
}
