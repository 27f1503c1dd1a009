//! A schema made into rules.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::Value;

use super::pattern::Pattern;
use super::{Counted, Id, Judge, Members, Of, Rule, Subschema};
use crate::schema::kinds::Kinds;
use crate::schema::order::Decimal;
use dagstack_plugin_core::schema::{self as reference, Schema};

/// Keywords that say something in some draft, or change what others say, and are not judged. Others
/// that are not known are annotations.
const BEYOND: [&str; 6] = [
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "dependencies",
];

/// Compiles a schema and all parts that it leads to.
pub(super) fn compile(schema: &Schema) -> Result<Judge, String> {
    let mut compiling = Compiling {
        root: schema,
        known: HashMap::new(),
        parts: Vec::new(),
        is_recursive: false,
    };
    compiling.object(schema)?;
    Ok(Judge {
        parts: compiling.parts.into_iter().flatten().collect(),
        is_recursive: compiling.is_recursive,
    })
}

struct Compiling<'s> {
    root: &'s Schema,
    /// By the addresses of schemas.
    known: HashMap<usize, Id>,
    /// `None` while the part is being compiled.
    parts: Vec<Option<Subschema>>,
    is_recursive: bool,
}

impl<'s> Compiling<'s> {
    fn schema(&mut self, schema: &'s Value) -> Result<Id, String> {
        match schema {
            Value::Object(schema) => self.object(schema),
            Value::Bool(any) => {
                let rules = if *any { Vec::new() } else { vec![Rule::Never] };
                self.parts.push(Some(Subschema { rules, asks: false }));
                Ok(self.parts.len() - 1)
            }
            other => Err(format!("{other} is no schema")),
        }
    }

    fn object(&mut self, schema: &'s Schema) -> Result<Id, String> {
        let address = std::ptr::from_ref(schema) as usize;
        if let Some(at) = self.known.get(&address) {
            self.is_recursive |= self.parts[*at].is_none();
            return Ok(*at);
        }
        let at = self.parts.len();
        self.known.insert(address, at);
        self.parts.push(None);
        let mut rules = Vec::new();
        for (keyword, value) in schema {
            rules.extend(self.rule(schema, keyword, value)?);
        }
        // What is fast comes first, and last what asks about the others.
        rules.sort_by_key(weight);
        let asks = matches!(rules.last(), Some(Rule::Unevaluated(..)));
        self.parts[at] = Some(Subschema { rules, asks });
        Ok(at)
    }

    /// The rule of a keyword; `None` for an annotation, and where another keyword beside it has the
    /// rule of both.
    fn rule(
        &mut self,
        schema: &'s Schema,
        keyword: &str,
        value: &'s Value,
    ) -> Result<Option<Rule>, String> {
        let odd = || odd(keyword, value);
        let has = |keyword: &str| schema.contains_key(keyword);
        let rule = match keyword {
            "propertyNames" => Rule::Names(self.schema(value)?),
            "patternProperties" if has("properties") => return Ok(None),
            "additionalProperties" if has("properties") || has("patternProperties") => {
                return Ok(None);
            }
            "properties" | "patternProperties" | "additionalProperties" => {
                Rule::Members(self.members(schema)?)
            }
            "items" if has("prefixItems") => return Ok(None),
            "items" | "prefixItems" => Rule::Items {
                first: match schema.get("prefixItems") {
                    Some(first) => self.list(first).ok_or_else(odd)??,
                    None => Vec::new(),
                },
                rest: self.optional(schema, "items")?,
            },
            "contains" => {
                let limit = |keyword: &str| schema.get(keyword).map(whole);
                let most = limit("maxContains").map(|most| most.ok_or_else(odd));
                Rule::Contains {
                    wanted: self.schema(value)?,
                    least: limit("minContains").unwrap_or(Some(1)).ok_or_else(odd)?,
                    most: most.transpose()?,
                }
            }
            "$ref" => Rule::Reference(self.reference(value.as_str().ok_or_else(odd)?)?),
            "allOf" => Rule::All(self.list(value).ok_or_else(odd)??),
            "anyOf" => Rule::Any(self.list(value).ok_or_else(odd)??),
            "oneOf" => Rule::One(self.list(value).ok_or_else(odd)??),
            "not" => Rule::Not(self.schema(value)?),
            "if" => Rule::If {
                condition: self.schema(value)?,
                then: self.optional(schema, "then")?,
                otherwise: self.optional(schema, "else")?,
            },
            "dependentSchemas" => Rule::With(self.named(schema, keyword)?),
            "unevaluatedProperties" => Rule::Unevaluated(Of::Object, self.schema(value)?),
            "unevaluatedItems" => Rule::Unevaluated(Of::Array, self.schema(value)?),
            // Of a part, it gives references inside another meaning.
            "$id" if !std::ptr::eq(schema, self.root) && refers(schema) => {
                return Err(beyond(keyword));
            }
            keyword if BEYOND.contains(&keyword) => return Err(beyond(keyword)),
            _ => return plain(keyword, value),
        };
        Ok(Some(rule))
    }

    fn members(&mut self, schema: &'s Schema) -> Result<Members, String> {
        let patterns = self.named(schema, "patternProperties")?.into_iter();
        let patterns = patterns.map(|(pattern, at)| Ok((Pattern::new(&pattern)?, at)));
        Ok(Members {
            patterns: patterns.collect::<Result<_, String>>()?,
            named: self.named(schema, "properties")?.into_iter().collect(),
            others: self.optional(schema, "additionalProperties")?,
        })
    }

    /// The schemas that a keyword holds under names.
    fn named(&mut self, schema: &'s Schema, keyword: &str) -> Result<Vec<(String, Id)>, String> {
        let Some(parts) = schema.get(keyword) else {
            return Ok(Vec::new());
        };
        let parts = parts.as_object().ok_or_else(|| odd(keyword, parts))?.iter();
        let parts = parts.map(|(name, part)| Ok((name.clone(), self.schema(part)?)));
        parts.collect()
    }

    fn optional(&mut self, schema: &'s Schema, keyword: &str) -> Result<Option<Id>, String> {
        let part = schema.get(keyword).map(|part| self.schema(part));
        part.transpose()
    }

    /// `None` for what is no list.
    fn list(&mut self, parts: &'s Value) -> Option<Result<Vec<Id>, String>> {
        let parts = parts.as_array()?.iter();
        Some(parts.map(|part| self.schema(part)).collect())
    }

    fn reference(&mut self, reference: &str) -> Result<Id, String> {
        match reference::find(self.root, reference) {
            Some(reference::Target::Root(root)) => self.object(root),
            Some(reference::Target::Part(part)) => self.schema(part),
            None => Err(format!("`{reference}` refers to no part of it")),
        }
    }
}

/// The rule of a keyword that holds no schemas.
pub(super) fn plain(keyword: &str, value: &Value) -> Result<Option<Rule>, String> {
    let odd = || odd(keyword, value);
    let bound = |is_within: fn(Ordering) -> bool| {
        let limit = value.as_number().cloned().ok_or_else(odd);
        limit.map(|limit| Rule::Bound(limit, is_within))
    };
    let count = |counted, allowed| {
        let limit = whole(value).ok_or_else(odd);
        limit.map(|limit| Rule::Count(counted, allowed, limit))
    };
    let rule = match keyword {
        "type" => Rule::Kinds(Kinds::named(value).ok_or_else(odd)?),
        "enum" => Rule::Listed(value.as_array().ok_or_else(odd)?.clone()),
        "const" => Rule::Listed(vec![value.clone()]),
        "minimum" => bound(Ordering::is_ge)?,
        "maximum" => bound(Ordering::is_le)?,
        "exclusiveMinimum" => bound(Ordering::is_gt)?,
        "exclusiveMaximum" => bound(Ordering::is_lt)?,
        "multipleOf" => {
            let step = value.as_number().filter(|step| step.as_f64() > Some(0.0));
            Rule::MultipleOf(step.and_then(Decimal::of).ok_or_else(odd)?)
        }
        "minLength" => count(Counted::Characters, Ordering::Greater)?,
        "maxLength" => count(Counted::Characters, Ordering::Less)?,
        "minItems" => count(Counted::Items, Ordering::Greater)?,
        "maxItems" => count(Counted::Items, Ordering::Less)?,
        "minProperties" => count(Counted::Members, Ordering::Greater)?,
        "maxProperties" => count(Counted::Members, Ordering::Less)?,
        "pattern" => Rule::Pattern(Pattern::new(value.as_str().ok_or_else(odd)?)?),
        "uniqueItems" => match value.as_bool().ok_or_else(odd)? {
            true => Rule::Unique,
            false => return Ok(None),
        },
        "required" => Rule::Required(keys(value).ok_or_else(odd)?),
        "dependentRequired" => {
            let pairs = value.as_object().ok_or_else(odd)?.iter();
            let pairs = pairs.map(|(key, wanted)| Some((key.clone(), keys(wanted)?)));
            Rule::RequiredWith(pairs.collect::<Option<_>>().ok_or_else(odd)?)
        }
        _ => return Ok(None),
    };
    Ok(Some(rule))
}

/// Whether there is a reference inside.
fn refers(schema: &Schema) -> bool {
    fn holds_one(value: &Value) -> bool {
        match value {
            Value::Object(schema) => refers(schema),
            Value::Array(items) => items.iter().any(holds_one),
            _ => false,
        }
    }
    schema.contains_key("$ref") || schema.values().any(holds_one)
}

fn odd(keyword: &str, value: &Value) -> String {
    format!("`{keyword}` cannot be {value}")
}

fn beyond(keyword: &str) -> String {
    format!("`{keyword}` needs the feature `json-schema` of `dagstack-plugin`")
}

/// `2.0` is a whole number, too.
fn whole(value: &Value) -> Option<u64> {
    let float = || {
        value
            .as_f64()
            .filter(|float| float.fract() == 0.0 && *float >= 0.0)
    };
    value.as_u64().or_else(|| float().map(|float| float as u64))
}

fn keys(value: &Value) -> Option<Vec<String>> {
    let keys = value.as_array()?.iter();
    keys.map(|key| key.as_str().map(str::to_owned)).collect()
}

fn weight(rule: &Rule) -> u8 {
    match rule {
        Rule::Never | Rule::Kinds(_) => 0,
        Rule::Listed(_) | Rule::Bound(..) | Rule::MultipleOf(_) | Rule::Count(..) => 1,
        Rule::Required(_) | Rule::RequiredWith(_) => 2,
        Rule::Unevaluated(..) => 4,
        _ => 3,
    }
}
