//! Plain schemas: what a schema says of arguments, in the few keywords that every client takes.
//!
//! No references, one type each, no `null` (what is optional is not required), no `oneOf`, `allOf` or
//! `const`; `anyOf` only between types. What cannot be said in keywords is said in the description,
//! or not at all: a plain schema refuses no arguments but `null`s that the full one takes.

mod form;
mod words;

use dagstack_plugin_core::schema::{Schema, is_any, name_of, target};
use serde_json::{Map, Value, json};

use super::parts::{self, address};
use form::{Form, both, either};
use words::{Words, of_values, of_variant};

/// Schemas made at most: what refers to itself in many ways doubles with each level.
const MOST: usize = 5000;

/// The plain form of the schema of a hook's arguments.
pub fn plain(schema: &Schema) -> Schema {
    let mut walk = Walk {
        root: schema,
        within: Vec::new(),
        left: MOST,
    };
    let mut said = walk.said(schema);
    // Arguments are an object, whatever else their type could be.
    said.forms.retain(|form| form.is_of("object"));
    let mut made = said.finish();
    made.insert("type".to_owned(), "object".into());
    let none = || Value::Object(Map::new());
    made.entry("properties").or_insert_with(none);
    made
}

struct Walk<'s> {
    root: &'s Schema,
    /// The references that lead here, by their targets.
    within: Vec<usize>,
    left: usize,
}

/// What is said of a value.
#[derive(Default)]
struct Said {
    /// One for each type that it may have; none where it is `null`.
    forms: Vec<Form>,
    words: Words,
}

impl Said {
    fn finish(mut self) -> Schema {
        let mut forms: Vec<Schema> = Vec::new();
        for form in self.forms {
            forms.push(form.finish(&mut self.words));
        }
        let mut made = match forms.len() {
            0 => {
                self.words.add("Always null.");
                Map::new()
            }
            1 => forms.remove(0),
            _ => Map::from_iter([("anyOf".to_owned(), forms.into())]),
        };
        self.words.put(&mut made);
        made
    }

    /// What is said here, and there of the same value.
    fn and(self, other: Self) -> Self {
        Self {
            forms: both(&self.forms, &other.forms),
            words: self.words.and(other.words),
        }
    }
}

impl<'s> Walk<'s> {
    fn value(&mut self, schema: &'s Value) -> Value {
        match schema {
            Value::Object(schema) if !schema.is_empty() => self.said(schema).finish().into(),
            _ => json!({}),
        }
    }

    fn said(&mut self, schema: &'s Schema) -> Said {
        let mut said = Said {
            forms: self.own(schema),
            words: Words::of(schema),
        };
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(target) = target(self.root, schema) {
            said = said.and(self.referred(target, reference.unwrap_or_default()));
        }
        for part in parts::list(schema, "allOf")
            .iter()
            .filter_map(Value::as_object)
        {
            said = said.and(self.said(part));
        }
        for keyword in ["anyOf", "oneOf"] {
            let variants = parts::list(schema, keyword);
            if !variants.is_empty() {
                said = self.one_of(said, variants);
            }
        }
        self.close(schema, &mut said.forms);
        said
    }

    /// What a reference leads to, once.
    fn referred(&mut self, target: &'s Schema, reference: &str) -> Said {
        let place = address(target);
        if self.within.contains(&place) || self.left == 0 {
            let name = name_of(reference);
            let mut words = Words::default();
            words.add(match name.as_str() {
                "" | "#" => "Again as the whole.".to_owned(),
                name => format!("Again a `{name}`."),
            });
            let kind = kind_of(target);
            return Said {
                forms: vec![kind.map_or_else(Form::any, Form::of)],
                words,
            };
        }
        self.left -= 1;
        self.within.push(place);
        let said = self.said(target);
        self.within.pop();
        said
    }

    /// One of the variants, each beside what is said of all.
    fn one_of(&mut self, said: Said, variants: &'s [Value]) -> Said {
        let mut forms: Option<Vec<Form>> = None;
        let mut words = said.words;
        let mut lines = Vec::new();
        let mut only = None;
        for variant in variants {
            let variant = match variant {
                never if parts::is_never(never) => continue,
                Value::Object(variant) => self.said(variant),
                _ => Said {
                    forms: vec![Form::any()],
                    words: Words::default(),
                },
            };
            let these = both(&said.forms, &variant.forms);
            if these.is_empty() {
                continue;
            }
            lines.extend(of_variant(&these, &variant.words));
            only = match forms {
                None => Some(variant.words),
                Some(_) => None,
            };
            forms = Some(match forms {
                None => these,
                Some(others) => either(&others, &these),
            });
        }
        match only {
            // The other one is `null`.
            Some(of_it) => words = words.and(of_it),
            None => lines.into_iter().for_each(|line| words.add(line)),
        }
        Said {
            forms: forms.unwrap_or_default(),
            words,
        }
    }

    /// What the schema's own keywords say, for each type.
    fn own(&mut self, schema: &'s Schema) -> Vec<Form> {
        let values: Vec<&Value> = parts::values(schema).collect();
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !values.is_empty() {
            let fits = |form: &Form| types.is_empty() || types.iter().any(|name| form.is_of(name));
            return of_values(&values).into_iter().filter(fits).collect();
        }
        let mut own = Form::any();
        for (keyword, value) in schema {
            let made = match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    let made = properties
                        .iter()
                        .map(|(name, part)| (name.clone(), self.value(part)));
                    Value::Object(made.collect())
                }
                ("items", part) => self.value(part),
                ("required", list) => list.clone(),
                _ => {
                    own.take(keyword, value, &types);
                    continue;
                }
            };
            own.set(keyword, made);
        }
        if let Some(rest) = self.rest(schema) {
            own.set("additionalProperties", rest);
        }
        match types.is_empty() {
            true => vec![own],
            false => types
                .into_iter()
                .filter(|name| *name != "null")
                .map(|name| own.clone().with_type(name))
                .collect(),
        }
    }

    /// What is said of the members that have no name in the schema; `None` if nothing is.
    fn rest(&mut self, schema: &'s Schema) -> Option<Value> {
        let patterns: Vec<&Value> = parts::named(schema, "patternProperties")
            .map(|(_, part)| part)
            .collect();
        match (schema.get("additionalProperties"), &patterns[..]) {
            (Some(Value::Bool(false)), []) => Some(false.into()),
            // Their names cannot be told.
            (Some(Value::Bool(false)), [only]) => Some(self.value(only)),
            (Some(part), []) => Some(self.value(part)),
            (None, []) => None,
            _ => Some(json!({})),
        }
    }

    /// What `unevaluatedProperties` says, now that all names are known.
    fn close(&mut self, schema: &'s Schema, forms: &mut [Form]) {
        if schema.contains_key("patternProperties") {
            return;
        }
        let rest = match schema.get("unevaluatedProperties") {
            None => return,
            Some(Value::Bool(false)) => Value::Bool(false),
            Some(part) if is_any(part) => return,
            Some(part) => self.value(part),
        };
        for form in forms.iter_mut().filter(|form| form.is_of("object")) {
            form.set_if_absent("additionalProperties", &rest);
        }
    }
}

/// The type that a schema names, or all its variants.
fn kind_of(schema: &Schema) -> Option<&str> {
    if let Some(Value::String(kind)) = schema.get("type") {
        return Some(kind);
    }
    let mut kinds = parts::variants(schema).map(|variant| variant.get("type")?.as_str());
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests;
