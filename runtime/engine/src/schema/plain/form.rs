//! Plain schemas of one type, and what two of them say together or between them.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::super::order::compare_numbers;
use super::words::Words;

/// What is said of values of one type, or of any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Form {
    /// Absent: any.
    kind: Option<String>,
    keywords: Map<String, Value>,
}

/// The keywords that are said of a type.
fn keywords(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["enum", "format", "maxLength", "minLength", "pattern"],
        "integer" | "number" => &["enum", "maximum", "minimum"],
        "array" => &["enum", "items", "maxItems", "minItems"],
        "object" => &[
            "additionalProperties",
            "enum",
            "maxProperties",
            "minProperties",
            "properties",
            "required",
        ],
        "boolean" => &["enum"],
        _ => &[],
    }
}

/// How two bounds of a keyword are one, if it is a bound: the larger of them where both hold.
fn bound(keyword: &str) -> Option<Ordering> {
    match keyword {
        "minimum" | "minItems" | "minLength" | "minProperties" => Some(Ordering::Greater),
        "maximum" | "maxItems" | "maxLength" | "maxProperties" => Some(Ordering::Less),
        _ => None,
    }
}

impl Form {
    pub(super) fn any() -> Self {
        Self::default()
    }

    pub(super) fn of(kind: &str) -> Self {
        Self::any().with_type(kind)
    }

    pub(super) fn with_type(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// Whether it is said of that type, too.
    pub(super) fn is_of(&self, kind: &str) -> bool {
        match self.kind.as_deref() {
            None => true,
            Some("number") if kind == "integer" => true,
            Some("integer") if kind == "number" => true,
            Some(own) => own == kind,
        }
    }

    pub(super) fn set(&mut self, keyword: &str, value: Value) {
        self.keywords.insert(keyword.to_owned(), value);
    }

    pub(super) fn set_if_absent(&mut self, keyword: &str, value: &Value) {
        let slot = self.keywords.entry(keyword);
        slot.or_insert_with(|| value.clone());
    }

    pub(super) fn get(&self, keyword: &str) -> Option<&Value> {
        self.keywords.get(keyword)
    }

    /// Takes a keyword of the full schema, if it is a plain one; [`Words`] has what others say.
    pub(super) fn take(&mut self, keyword: &str, value: &Value, types: &[&str]) {
        match (keyword, value) {
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(number)) => {
                let (plain, step) = match keyword {
                    "exclusiveMinimum" => ("minimum", 1),
                    _ => ("maximum", -1),
                };
                let is_integer = types.contains(&"integer") && !types.contains(&"number");
                let next = number.as_i64().and_then(|it| it.checked_add(step));
                let value = match next.filter(|_| is_integer) {
                    Some(next) => Number::from(next),
                    None => number.clone(),
                };
                let bound = Map::from_iter([(plain.to_owned(), Value::Number(value))]);
                self.keywords = tightened(std::mem::take(&mut self.keywords), &bound);
            }
            ("format", Value::String(format)) if format == "date-time" => {
                self.set(keyword, value.clone());
            }
            ("pattern", _) => self.set(keyword, value.clone()),
            (bounding, Value::Number(_)) if bound(bounding).is_some() => {
                let bound = Map::from_iter([(bounding.to_owned(), value.clone())]);
                self.keywords = tightened(std::mem::take(&mut self.keywords), &bound);
            }
            _ => {}
        }
    }

    /// The schema. Values that only words can list are told there.
    pub(super) fn finish(self, words: &mut Words) -> Map<String, Value> {
        let Some(kind) = self.kind else {
            return Map::new();
        };
        let known = keywords(&kind);
        let mut made: Map<String, Value> = self
            .keywords
            .into_iter()
            .filter(|(keyword, _)| known.contains(&keyword.as_str()))
            .collect();
        if kind != "string"
            && let Some(Value::Array(values)) = made.remove("enum")
        {
            // Some models know no values but texts.
            words.values(&values);
            for (keyword, order) in [("minimum", Ordering::Less), ("maximum", Ordering::Greater)] {
                let extreme = values.iter().filter_map(Value::as_number).reduce(|a, b| {
                    match compare_numbers(a, b) == order {
                        true => a,
                        false => b,
                    }
                });
                if let Some(extreme) = extreme {
                    made.insert(keyword.to_owned(), extreme.clone().into());
                }
            }
        }
        if made.get("additionalProperties") == Some(&json!({})) {
            made.remove("additionalProperties");
        }
        if kind == "array" {
            made.entry("items").or_insert_with(|| json!({}));
        }
        made.insert("type".to_owned(), kind.into());
        made
    }
}

/// What is said by each of `left` together with each of `right`.
pub(super) fn both(left: &[Form], right: &[Form]) -> Vec<Form> {
    let mut all = Vec::new();
    for left in left {
        for right in right {
            let kind = match (left.kind.as_deref(), right.kind.as_deref()) {
                (None, kind) | (kind, None) => kind,
                (Some(left), Some(right)) if left == right => Some(left),
                (Some("integer" | "number"), Some("integer" | "number")) => Some("integer"),
                _ => continue,
            };
            all.push(Form {
                kind: kind.map(str::to_owned),
                keywords: tightened(left.keywords.clone(), &right.keywords),
            });
        }
    }
    all
}

/// The keywords of both.
fn tightened(mut left: Map<String, Value>, right: &Map<String, Value>) -> Map<String, Value> {
    for (keyword, right) in right {
        let Some(old) = left.get(keyword) else {
            left.insert(keyword.clone(), right.clone());
            continue;
        };
        let new = match (keyword.as_str(), old, right) {
            ("properties", Value::Object(old), Value::Object(right)) => {
                let mut all = old.clone();
                for (name, right) in right {
                    match all.get(name) {
                        // Either is true of it; this one says something.
                        Some(left) if left.get("type").is_some() => {}
                        _ => drop(all.insert(name.clone(), right.clone())),
                    }
                }
                all.into()
            }
            ("required", Value::Array(old), Value::Array(right)) => {
                let more = right.iter().filter(|name| !old.contains(name));
                old.iter().chain(more).cloned().collect()
            }
            ("enum", Value::Array(old), Value::Array(right)) => old
                .iter()
                .filter(|it| right.contains(it))
                .cloned()
                .collect(),
            ("additionalProperties", _, Value::Bool(false)) => right.clone(),
            (bounding, Value::Number(old), Value::Number(right)) => match bound(bounding) {
                Some(order) if compare_numbers(right, old) == order => right.clone().into(),
                _ => continue,
            },
            _ => continue,
        };
        left.insert(keyword.clone(), new);
    }
    left
}

/// What is said of a value of which one or the other is said, one form for each type.
pub(super) fn either(left: &[Form], right: &[Form]) -> Vec<Form> {
    let mut all: Vec<Form> = left.to_vec();
    for right in right {
        if all.iter().any(|left| left.kind.is_none()) || right.kind.is_none() {
            return vec![Form::any()];
        }
        let same = all
            .iter_mut()
            .find(|left| right.kind.as_deref().is_some_and(|kind| left.is_of(kind)));
        match same {
            None => all.push(right.clone()),
            Some(left) => *left = loosened(left, right),
        }
    }
    all
}

/// The same for two of one type.
fn loosened(left: &Form, right: &Form) -> Form {
    let kind = match left.kind == right.kind {
        true => left.kind.clone(),
        false => Some("number".to_owned()),
    };
    let mut keywords = Map::new();
    let (one, other) = (&left.keywords, &right.keywords);
    for (keyword, left) in one {
        let new = match (keyword.as_str(), left, other.get(keyword)) {
            (_, left, Some(right)) if left == right => left.clone(),
            ("enum", Value::Array(left), Some(Value::Array(right))) => {
                let more = right.iter().filter(|it| !left.contains(it));
                left.iter().chain(more).cloned().collect()
            }
            ("required", Value::Array(left), Some(Value::Array(right))) => left
                .iter()
                .filter(|it| right.contains(it))
                .cloned()
                .collect(),
            ("items", left, Some(right)) => either_schema(left, right),
            ("additionalProperties", Value::Bool(false), Some(right)) => right.clone(),
            ("additionalProperties", left, Some(Value::Bool(false))) => left.clone(),
            ("additionalProperties", left, Some(right)) => either_schema(left, right),
            (bounding, Value::Number(left), Some(Value::Number(right))) => match bound(bounding) {
                Some(order) if compare_numbers(left, right) == order => right.clone().into(),
                Some(_) => left.clone().into(),
                None => continue,
            },
            _ => continue,
        };
        keywords.insert(keyword.clone(), new);
    }
    // Where one says what else there may be, the other does not forbid it.
    let rest = "additionalProperties";
    let others = [one, other].map(|keywords| keywords.get(rest));
    if let [Some(said), None] | [None, Some(said)] = others
        && said != &Value::Bool(false)
    {
        keywords.insert(rest.to_owned(), json!({}));
    }
    if let Some(properties) = either_properties(one.get("properties"), other.get("properties")) {
        keywords.insert("properties".to_owned(), properties);
    }
    Form { kind, keywords }
}

fn either_properties(left: Option<&Value>, right: Option<&Value>) -> Option<Value> {
    let (left, right) = (
        left.and_then(Value::as_object),
        right.and_then(Value::as_object),
    );
    let mut all = left.or(right)?.clone();
    for (name, right) in right.into_iter().flatten() {
        let new = match all.get(name) {
            Some(left) => either_schema(left, right),
            None => right.clone(),
        };
        all.insert(name.clone(), new);
    }
    Some(all.into())
}

/// The same of two schemas that are plain already.
fn either_schema(left: &Value, right: &Value) -> Value {
    if left == right {
        return left.clone();
    }
    let mut words = Words::of_either(left, right);
    let mut forms = Vec::new();
    for form in either(&forms_of(left), &forms_of(right)) {
        forms.push(Value::Object(form.finish(&mut words)));
    }
    let mut made = match forms.pop() {
        Some(Value::Object(only)) if forms.is_empty() => only,
        Some(last) => {
            forms.push(last);
            Map::from_iter([("anyOf".to_owned(), forms.into())])
        }
        None => Map::new(),
    };
    words.put(&mut made);
    made.into()
}

fn forms_of(schema: &Value) -> Vec<Form> {
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(forms) => forms.iter().flat_map(forms_of).collect(),
        None => {
            let kind = schema.get("type").and_then(Value::as_str);
            let known = kind.map(keywords).unwrap_or_default();
            let all = schema.as_object().into_iter().flatten();
            let kept = all.filter(|(keyword, _)| known.contains(&keyword.as_str()));
            vec![Form {
                kind: kind.map(str::to_owned),
                keywords: kept.map(|(key, it)| (key.clone(), it.clone())).collect(),
            }]
        }
    }
}
