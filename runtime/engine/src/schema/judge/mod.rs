//! Whether a value fits a schema, by a form of the schema that is made once.
//!
//! JSON Schema 2020-12 without what schemas of types never have: other documents, anchors and dynamic
//! references. Formats are annotations.

mod compile;
pub(crate) mod pattern;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use pattern::Pattern;
use serde_json::{Map, Number, Value};

use super::kinds::Kinds;
use super::order::{self, Decimal};
use dagstack_plugin_core::schema::Schema;

/// A compiled schema. A text that is too long to be searched for a pattern of it (a large one, without
/// the feature `regex`) does not fit.
pub struct Judge {
    /// The first is that of the whole value.
    parts: Vec<Subschema>,
    /// A part refers to one that it stands in, so that values may nest without an end.
    is_recursive: bool,
}

/// The number of a part.
type Id = usize;

/// A schema inside the schema.
struct Subschema {
    rules: Vec<Rule>,
    /// A rule asks what the others have looked at.
    asks: bool,
}

/// What a value must fulfil. Most look at values of one kind and let others pass.
enum Rule {
    Never,
    Kinds(Kinds),
    Listed(Vec<Value>),
    Bound(Number, fn(Ordering) -> bool),
    MultipleOf(Decimal),
    Count(Counted, Ordering, u64),
    Pattern(Pattern),
    Unique,
    Required(Vec<String>),
    /// The keys that must be there beside a key.
    RequiredWith(Vec<(String, Vec<String>)>),
    Names(Id),
    Members(Members),
    Items {
        first: Vec<Id>,
        rest: Option<Id>,
    },
    Contains {
        wanted: Id,
        least: u64,
        most: Option<u64>,
    },
    Reference(Id),
    All(Vec<Id>),
    Any(Vec<Id>),
    One(Vec<Id>),
    Not(Id),
    If {
        condition: Id,
        then: Option<Id>,
        otherwise: Option<Id>,
    },
    /// What the value must fit, too, where it has a key.
    With(Vec<(String, Id)>),
    Unevaluated(Of, Id),
}

struct Members {
    named: BTreeMap<String, Id>,
    patterns: Vec<(Pattern, Id)>,
    others: Option<Id>,
}

#[derive(Clone, Copy)]
enum Counted {
    Characters,
    Items,
    Members,
}

/// What holds what was not evaluated.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Object,
    Array,
}

/// Of each member or item of a value, whether some schema has looked at it.
type Seen = Vec<bool>;

impl Judge {
    /// Compiles a schema: all parts that the root leads to, every `$ref` resolved.
    ///
    /// # Errors
    ///
    /// What in the schema is invalid, or beyond this judge.
    pub fn new(schema: &Schema) -> Result<Self, String> {
        compile::compile(schema)
    }

    /// Whether a value fits.
    pub fn fits(&self, value: &Value) -> bool {
        let mut trial = Trial {
            judge: self,
            known: HashMap::new(),
            open: Vec::new(),
            gave_up: false,
        };
        // A text that was not searched fits nothing, under `not` either.
        trial.part(0, value, None) && !trial.gave_up
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}

/// One value being judged.
struct Trial<'j> {
    judge: &'j Judge,
    /// Whether a value, by its address, fits a part that others refer to. Alternatives in a recursive
    /// schema would otherwise be tried twice as often at each level of a value.
    known: HashMap<(Id, usize), bool>,
    /// The references that are being followed, and for which value.
    open: Vec<(Id, usize)>,
    /// A text was too long for a pattern.
    gave_up: bool,
}

impl<'j> Trial<'j> {
    /// Whether the value fits a part. `seen` is told what was looked at; where the value does not
    /// fit, that means nothing.
    fn part(&mut self, at: Id, value: &Value, mut seen: Option<&mut Seen>) -> bool {
        let part = &self.judge.parts[at];
        if !part.asks {
            let mut rules = part.rules.iter();
            return rules.all(|rule| self.rule(rule, value, seen.as_deref_mut()));
        }
        let mut own = unseen(value);
        let mut rules = part.rules.iter();
        let fits = rules.all(|rule| self.rule(rule, value, Some(&mut own)));
        if let Some(seen) = seen {
            add(seen, &own);
        }
        fits
    }

    /// The same of a part that the value need not fit.
    fn branch(&mut self, at: Id, value: &Value, seen: Option<&mut Seen>) -> bool {
        let Some(seen) = seen else {
            return self.part(at, value, None);
        };
        let mut own = unseen(value);
        let fits = self.part(at, value, Some(&mut own));
        if fits {
            add(seen, &own);
        }
        fits
    }

    fn rule(&mut self, rule: &'j Rule, value: &Value, mut seen: Option<&mut Seen>) -> bool {
        match (rule, value) {
            (Rule::Pattern(pattern), Value::String(text)) => self.matches(pattern, text),
            (Rule::Names(at), Value::Object(map)) => map
                .keys()
                .all(|key| self.part(*at, &Value::String(key.clone()), None)),
            (Rule::Members(members), Value::Object(map)) => self.members(members, map, seen),
            (Rule::Items { first, rest }, Value::Array(items)) => {
                items.iter().enumerate().all(|(index, item)| {
                    let Some(at) = first.get(index).copied().or(*rest) else {
                        return true;
                    };
                    see(&mut seen, index);
                    self.part(at, item, None)
                })
            }
            (
                Rule::Contains {
                    wanted,
                    least,
                    most,
                },
                Value::Array(items),
            ) => {
                let mut count = 0;
                for (index, item) in items.iter().enumerate() {
                    if self.part(*wanted, item, None) {
                        count += 1;
                        see(&mut seen, index);
                    }
                }
                count >= *least && most.is_none_or(|most| count <= most)
            }
            (Rule::Reference(at), _) => self.reference(*at, value, seen),
            (Rule::All(parts), _) => parts
                .iter()
                .all(|at| self.part(*at, value, seen.as_deref_mut())),
            (Rule::Any(parts), _) => {
                let mut fits = false;
                for at in parts {
                    fits |= self.branch(*at, value, seen.as_deref_mut());
                    if fits && seen.is_none() {
                        return true;
                    }
                }
                fits
            }
            (Rule::One(parts), _) => {
                let fitting = parts
                    .iter()
                    .filter(|at| self.branch(**at, value, seen.as_deref_mut()));
                fitting.take(2).count() == 1
            }
            (Rule::Not(at), _) => !self.part(*at, value, None),
            (
                Rule::If {
                    condition,
                    then,
                    otherwise,
                },
                _,
            ) => {
                let next = match self.branch(*condition, value, seen.as_deref_mut()) {
                    true => then,
                    false => otherwise,
                };
                next.is_none_or(|at| self.part(at, value, seen))
            }
            (Rule::With(pairs), Value::Object(map)) => pairs.iter().all(|(key, at)| {
                !map.contains_key(key) || self.part(*at, value, seen.as_deref_mut())
            }),
            (Rule::Unevaluated(Of::Object, at), Value::Object(map)) => {
                self.unevaluated(*at, map.values(), seen)
            }
            (Rule::Unevaluated(Of::Array, at), Value::Array(items)) => {
                self.unevaluated(*at, items.iter(), seen)
            }
            _ => plain(rule, value),
        }
    }

    fn members(
        &mut self,
        members: &'j Members,
        map: &Map<String, Value>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        map.iter().enumerate().all(|(index, (key, member))| {
            let named = members.named.get(key).copied();
            let patterns = members.patterns.iter();
            let matching: Vec<Id> = patterns
                .filter(|(pattern, _)| self.matches(pattern, key))
                .map(|(_, at)| *at)
                .collect();
            let mut is_known = false;
            for at in named.into_iter().chain(matching) {
                is_known = true;
                if !self.part(at, member, None) {
                    return false;
                }
            }
            let others = members.others.filter(|_| !is_known);
            if is_known || others.is_some() {
                see(&mut seen, index);
            }
            others.is_none_or(|at| self.part(at, member, None))
        })
    }

    fn matches(&mut self, pattern: &Pattern, text: &str) -> bool {
        let verdict = pattern.is_in(text);
        self.gave_up |= verdict.is_none();
        verdict.unwrap_or(false)
    }

    fn reference(&mut self, at: Id, value: &Value, seen: Option<&mut Seen>) -> bool {
        if !self.judge.is_recursive {
            return self.part(at, value, seen);
        }
        let address = std::ptr::from_ref(value) as usize;
        let mut around = self.open.iter().rev().take_while(|open| open.1 == address);
        // A reference that leads to itself for the same value adds nothing.
        if around.any(|open| open.0 == at) {
            return true;
        }
        // A scalar is looked at fast, and a key has no address that stays its own.
        let keeps = seen.is_none() && (value.is_object() || value.is_array());
        if keeps && let Some(fits) = self.known.get(&(at, address)) {
            return *fits;
        }
        self.open.push((at, address));
        let fits = self.part(at, value, seen);
        self.open.pop();
        if keeps {
            self.known.insert((at, address), fits);
        }
        fits
    }

    fn unevaluated<'v>(
        &mut self,
        at: Id,
        members: impl Iterator<Item = &'v Value>,
        seen: Option<&mut Seen>,
    ) -> bool {
        let Some(seen) = seen else { return true };
        let mut members = members.zip(seen);
        members.all(|(member, seen)| std::mem::replace(seen, true) || self.part(at, member, None))
    }
}

/// Whether a value fits a keyword on its own that holds no schemas. What is no rule objects to nothing.
pub(crate) fn keyword_fits(keyword: &str, said: &Value, value: &Value) -> bool {
    match compile::plain(keyword, said) {
        Ok(Some(rule)) => plain(&rule, value),
        _ => true,
    }
}

/// Whether a value fulfils a rule that looks at nothing inside it.
fn plain(rule: &Rule, value: &Value) -> bool {
    match (rule, value) {
        (Rule::Never, _) => false,
        (Rule::Kinds(kinds), _) => kinds.has(Kinds::of_value(value)),
        (Rule::Listed(listed), _) => {
            let mut listed = listed.iter();
            listed.any(|listed| order::compare(listed, value) == Ordering::Equal)
        }
        (Rule::Bound(bound, is_within), Value::Number(number)) => {
            is_within(order::compare_numbers(number, bound))
        }
        (Rule::MultipleOf(step), Value::Number(number)) => {
            Decimal::of(number).is_some_and(|number| number.is_multiple_of(*step))
        }
        (Rule::Count(counted, allowed, limit), _) => {
            let count = match (counted, value) {
                (Counted::Characters, Value::String(text)) => text.chars().count(),
                (Counted::Items, Value::Array(items)) => items.len(),
                (Counted::Members, Value::Object(map)) => map.len(),
                _ => return true,
            };
            let order = (count as u64).cmp(limit);
            order == Ordering::Equal || order == *allowed
        }
        (Rule::Pattern(pattern), Value::String(text)) => pattern.is_in(text) == Some(true),
        (Rule::Unique, Value::Array(items)) => are_unique(items),
        (Rule::Required(keys), Value::Object(map)) => has_all(map, keys),
        (Rule::RequiredWith(pairs), Value::Object(map)) => pairs
            .iter()
            .all(|(key, keys)| !map.contains_key(key) || has_all(map, keys)),
        _ => true,
    }
}

fn see(seen: &mut Option<&mut Seen>, index: usize) {
    if let Some(seen) = seen {
        seen[index] = true;
    }
}

fn unseen(value: &Value) -> Seen {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    vec![false; count]
}

fn add(seen: &mut Seen, more: &Seen) {
    for (seen, more) in seen.iter_mut().zip(more) {
        *seen |= more;
    }
}

fn has_all(map: &Map<String, Value>, keys: &[String]) -> bool {
    keys.iter().all(|key| map.contains_key(key))
}

fn are_unique(items: &[Value]) -> bool {
    let mut sorted: Vec<&Value> = items.iter().collect();
    sorted.sort_unstable_by(|left, right| order::compare(left, right));
    let mut pairs = sorted.windows(2);
    pairs.all(|pair| order::compare(pair[0], pair[1]) != Ordering::Equal)
}

#[cfg(test)]
mod tests;
