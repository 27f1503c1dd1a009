//! The walk over a schema and a value that does not fit it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::describe::{did_you_mean, expected, one_of, unlike};
use super::path::render;
use super::{LIMIT, variants};
use crate::schema::fits::{choice_fits, limits_fit, type_fits};
use crate::schema::keys::{Keys, pattern_for};
use crate::schema::parts::{address, forms, is_never, list, property, values};
use crate::schema::validator::Validator;
use crate::secrets::SecretPlaces;
use crate::step::Step;
use dagstack_plugin_core::Problem;
use dagstack_plugin_core::schema::{Schema, target};

/// Which unknown keys are mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Those the schema forbids.
    WhereForbidden,
    /// All, unless the schema says that others are welcome.
    Everywhere,
}

/// A problem, where it is and what mistake.
#[derive(Clone, Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) problem: Problem,
    pub(crate) steps: Vec<Step<'a>>,
    pub(crate) mistake: Mistake,
}

/// The mistakes that later stages tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A required key is not there; its path ends with it.
    Missing,
    /// A key that the schema does not name; its path ends with it.
    Unknown,
    /// The keys of several variants of an enum: the others are not told apart.
    SeveralVariants,
    /// Anything else.
    Unfit,
}

impl Finding<'_> {
    pub(crate) fn is_unknown_key(&self) -> bool {
        self.mistake == Mistake::Unknown
    }

    /// The steps to the object that the last one is taken in.
    pub(crate) fn parent(&self) -> Option<&[Step<'_>]> {
        self.steps.split_last().map(|(_, parent)| parent)
    }
}

/// Pairs of subschema and value looked at before the walk gives up with what it has; real values stay
/// far below.
const BUDGET: usize = 300_000;

/// Values nested deeper than this are not looked into.
const DEPTH: usize = 160;

/// What does not fit, in the order of the schema; empty if this walk finds nothing.
#[cold]
pub(crate) fn explain<'a>(
    base: &'a str,
    schema: &'a Schema,
    value: &'a Value,
    unknown: Unknown,
) -> Vec<Finding<'a>> {
    let mut walk = Walk {
        root: schema,
        base,
        places: SecretPlaces::of(value, schema),
        unknown,
        steps: Vec::new(),
        memo: HashMap::new(),
        depth: 0,
        rests: HashMap::new(),
    };
    walk.findings_of(schema, value, false).to_vec()
}

pub(super) struct Walk<'a> {
    pub(super) root: &'a Schema,
    base: &'a str,
    /// Where the secrets are.
    places: SecretPlaces<'a>,
    unknown: Unknown,
    steps: Vec<Step<'a>>,
    /// By the addresses of schema and value, which stay where they are for the whole walk.
    memo: HashMap<(usize, usize, bool), Rc<[Finding<'a>]>>,
    depth: usize,
    /// What is left of schemas, by their addresses.
    rests: HashMap<usize, Validator>,
}

impl<'a> Walk<'a> {
    pub(super) fn is_secret(&self) -> bool {
        self.places.covers(&self.steps)
    }

    /// A finding where the walk stands.
    pub(super) fn push(
        &self,
        mistake: Mistake,
        problem: impl Into<String>,
        expected: Option<String>,
        out: &mut Vec<Finding<'a>>,
    ) {
        if out.len() <= LIMIT {
            let path = render(self.base, &self.steps, &self.places);
            let mut problem = Problem::new(path, problem);
            problem.expected = expected;
            let steps = self.steps.clone();
            out.push(Finding {
                problem,
                steps,
                mistake,
            });
        }
    }

    /// `value` was found where the schema wants something else.
    pub(super) fn unfit(&self, schema: &Schema, value: &Value, out: &mut Vec<Finding<'a>>) {
        let choices = forms(self.root, schema).into_iter().flat_map(values);
        let problem = unlike(value, self.is_secret(), choices.filter_map(Value::as_str));
        let expected = expected(self.root, schema, Some(value));
        self.push(Mistake::Unfit, problem, expected, out);
    }

    /// Looks at one step further in.
    pub(super) fn at<R>(&mut self, step: Step<'a>, look: impl FnOnce(&mut Self) -> R) -> R {
        self.steps.push(step);
        let result = look(self);
        self.steps.pop();
        result
    }

    /// The findings of a schema on its own. `part` says that it is one of several that share the
    /// value, so that keys it does not know may be known to the others.
    pub(super) fn findings(
        &mut self,
        schema: &'a Value,
        value: &'a Value,
        part: bool,
    ) -> Rc<[Finding<'a>]> {
        match schema {
            _ if is_never(schema) => {
                let mut out = Vec::new();
                self.push(Mistake::Unfit, "nothing is allowed here", None, &mut out);
                out.into()
            }
            Value::Object(schema) => self.findings_of(schema, value, part),
            _ => Rc::default(),
        }
    }

    fn look(
        &mut self,
        schema: &'a Value,
        value: &'a Value,
        part: bool,
        out: &mut Vec<Finding<'a>>,
    ) {
        out.extend(self.findings(schema, value, part).iter().cloned());
    }

    fn findings_of(
        &mut self,
        schema: &'a Schema,
        value: &'a Value,
        part: bool,
    ) -> Rc<[Finding<'a>]> {
        let key = (address(schema), address(value), part);
        if let Some(known) = self.memo.get(&key) {
            return Rc::clone(known);
        }
        if self.memo.len() >= BUDGET || self.depth > DEPTH {
            return Rc::default();
        }
        // What refers to itself for the same value says nothing more.
        self.memo.insert(key, Rc::default());
        let mut found = Vec::new();
        self.depth += 1;
        self.node(schema, value, part, &mut found);
        self.depth -= 1;
        let found: Rc<[Finding<'a>]> = found.into();
        self.memo.insert(key, Rc::clone(&found));
        found
    }

    fn node(
        &mut self,
        schema: &'a Schema,
        value: &'a Value,
        part: bool,
        out: &mut Vec<Finding<'a>>,
    ) {
        // One complaint about a scalar is enough: the words say all that is expected of it.
        if !type_fits(schema, value) || !choice_fits(schema, value) {
            return self.unfit(schema, value, out);
        }
        // Beside properties (a flattened enum) no other schema knows all keys.
        let shares = part || schema.contains_key("properties");
        if let Some(target) = target(self.root, schema) {
            out.extend(self.findings_of(target, value, shares).iter().cloned());
        }
        if !limits_fit(schema, value) {
            self.unfit(schema, value, out);
        }
        match value {
            Value::Object(map) => self.object(schema, map, out),
            Value::Array(items) => self.array(schema, items, out),
            _ => {}
        }
        for member in list(schema, "allOf") {
            self.look(member, value, true, out);
        }
        for keyword in ["anyOf", "oneOf"] {
            let forms = list(schema, keyword);
            if !forms.is_empty() {
                variants::look(self, schema, forms, value, shares, out);
            }
        }
        let names_keys = |finding: &Finding<'_>| match finding.mistake {
            Mistake::Unknown => finding.parent() == Some(&self.steps),
            Mistake::SeveralVariants => finding.steps == self.steps,
            _ => false,
        };
        if !part
            && !out.iter().any(names_keys)
            && let Value::Object(map) = value
        {
            self.unknown_keys(schema, map, out);
        }
        if out.is_empty() && !self.rest_fits(schema, value) {
            self.unfit(schema, value, out);
        }
    }

    fn object(
        &mut self,
        schema: &'a Schema,
        map: &'a Map<String, Value>,
        out: &mut Vec<Finding<'a>>,
    ) {
        for key in list(schema, "required").iter().filter_map(Value::as_str) {
            if !map.contains_key(key) {
                let wanted = property(schema, key).and_then(Value::as_object);
                let expected = wanted.and_then(|wanted| expected(self.root, wanted, None));
                self.at(Step::Known(key), |walk| {
                    walk.push(Mistake::Missing, "missing", expected, out);
                });
            }
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let others = others.filter(|others| others.is_object());
        for (key, value) in map {
            let other = || patterns.and_then(|map| pattern_for(map, key)).or(others);
            let (step, wanted) = match property(schema, key) {
                Some(wanted) => (Step::Known(key), Some(wanted)),
                None => (Step::Given(key), other()),
            };
            if let Some(wanted) = wanted {
                self.at(step, |walk| walk.look(wanted, value, false, out));
            }
            if out.len() > LIMIT {
                return;
            }
        }
    }

    fn array(&mut self, schema: &'a Schema, items: &'a [Value], out: &mut Vec<Finding<'a>>) {
        let first = list(schema, "prefixItems");
        // Of a tuple that is too long, enough is said.
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let ends = !first.is_empty() && most.is_some_and(|most| most <= first.len() as u64);
        let rest = schema.get("items").filter(|_| !ends);
        for (index, item) in items.iter().enumerate() {
            if let Some(wanted) = first.get(index).or(rest) {
                self.at(Step::Item(index), |walk| {
                    walk.look(wanted, item, false, out)
                });
            }
            if out.len() > LIMIT {
                return;
            }
        }
    }

    fn unknown_keys(
        &mut self,
        schema: &'a Schema,
        map: &'a Map<String, Value>,
        out: &mut Vec<Finding<'a>>,
    ) {
        let keys = Keys::of(self.root, schema, map);
        let everywhere = self.unknown == Unknown::Everywhere && keys.named;
        if keys.open || !(keys.forbids || everywhere) {
            return;
        }
        // Serde takes any key beside the tag of a variant without fields: none is an alias.
        let mistake = match keys.forbids && keys.only_tags {
            true => Mistake::Unfit,
            false => Mistake::Unknown,
        };
        let secret = self.is_secret();
        for key in map.keys().filter(|key| !keys.has(key)) {
            let meant = match secret {
                true => String::new(),
                false => did_you_mean(key, keys.known.iter().copied()),
            };
            let (meant, expected) = match keys.known.is_empty() {
                true => (", none is known here".to_owned(), None),
                false => (meant, Some(one_of(&keys.known))),
            };
            self.at(Step::Given(key), |walk| {
                walk.push(mistake, format!("unknown key{meant}"), expected, out);
            });
        }
    }

    /// Whether the keywords that are not interpreted here are content, by the validator. What cannot be
    /// compiled on its own objects to nothing.
    fn rest_fits(&mut self, schema: &'a Schema, value: &Value) -> bool {
        let rest: Schema = schema
            .iter()
            .filter(|(keyword, _)| LEFT.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        let validators = &mut self.rests;
        rest.is_empty()
            || validators
                .entry(address(schema))
                .or_insert_with(|| Validator::of_part(self.root, rest))
                .fits(value)
                .unwrap_or(true)
    }
}

/// The keywords that are left to the validator.
const LEFT: [&str; 14] = [
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "multipleOf",
    "not",
    "pattern",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "uniqueItems",
];
