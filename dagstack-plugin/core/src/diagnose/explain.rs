//! The walk over a schema and a value that does not fit it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::describe::{Describe, found};
use super::fits::{choice_fits, limits_fit, type_fits};
use super::keys::{Keys, pattern_for};
use super::path::{Step, render};
use super::{LIMIT, variants};
use crate::problem::Problem;
use crate::schema::{Schema, target};
use crate::secrets::Places;

/// Which unknown keys are mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Those the schema forbids.
    WhereForbidden,
    /// All, unless the schema says that others are welcome.
    Everywhere,
}

/// A problem, and where and of what sort it is.
#[derive(Clone, Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) problem: Problem,
    pub(crate) steps: Vec<Step<'a>>,
    pub(crate) what: What,
}

/// The sorts of findings that later stages tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A required key is not there; its path ends with it.
    Missing,
    /// A key that the schema does not name; its path ends with it.
    Unknown,
    /// One beside the tag of a variant without fields: serde takes any there.
    BesideTag,
    /// Anything else.
    Unfit,
}

impl What {
    pub(crate) fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::BesideTag)
    }
}

impl Finding<'_> {
    /// The steps to the object that the last one is taken in.
    pub(crate) fn parent(&self) -> Option<&[Step<'_>]> {
        self.steps.split_last().map(|(_, parent)| parent)
    }
}

/// Steps of the walk before it gives up with what it has. Each pair of subschema and value costs
/// one, so real values stay far below.
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
        places: Places::of(value, schema),
        unknown,
        steps: Vec::new(),
        memo: HashMap::new(),
        budget: BUDGET,
        depth: 0,
        #[cfg(feature = "validate")]
        parts: HashMap::new(),
    };
    let mut found = Vec::new();
    walk.node(schema, value, false, &mut found);
    found
}

pub(super) struct Walk<'a> {
    pub(super) root: &'a Schema,
    base: &'a str,
    /// Where the secrets are.
    places: Places<'a>,
    unknown: Unknown,
    steps: Vec<Step<'a>>,
    /// By the addresses of schema and value, which stay where they are for the whole walk.
    memo: HashMap<(usize, usize, bool), Rc<[Finding<'a>]>>,
    budget: usize,
    depth: usize,
    #[cfg(feature = "validate")]
    parts: HashMap<usize, crate::validate::Part>,
}

pub(super) type Found<'a> = Vec<Finding<'a>>;

fn address<T>(place: &T) -> usize {
    std::ptr::from_ref(place) as usize
}

impl<'a> Walk<'a> {
    pub(super) fn describe(&self) -> Describe<'a> {
        Describe::new(self.root, self.places.covers(&self.steps))
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> Problem {
        Problem::new(render(self.base, &self.steps, &self.places), problem)
    }

    pub(super) fn push(&self, problem: Problem, what: What, out: &mut Found<'a>) {
        if out.len() <= LIMIT {
            out.push(Finding {
                problem,
                steps: self.steps.clone(),
                what,
            });
        }
    }

    /// `value` was found where the schema wants something else.
    pub(super) fn unfit(&self, schema: &Map<String, Value>, value: &Value, out: &mut Found<'a>) {
        let mut describe = self.describe();
        // Only a number as large as that can be beyond the bounds of 64 bits.
        describe.all_bounds = value
            .as_f64()
            .is_some_and(|number| number.abs() >= i64::MAX as f64);
        let mut problem = self.problem(format!("found {}", found(value, describe.secret)));
        if let (Some(given), false) = (value.as_str(), describe.secret)
            && let Some(meant) = crate::suggest(given, describe.choices(schema))
        {
            problem
                .problem
                .push_str(&format!(", did you mean `{meant}`?"));
        }
        problem.expected = describe.expected(schema);
        problem.example = describe.example(schema);
        self.push(problem, What::Unfit, out);
    }

    /// Looks at one step further in.
    pub(super) fn at<R>(&mut self, step: Step<'a>, look: impl FnOnce(&mut Self) -> R) -> R {
        self.steps.push(step);
        let result = look(self);
        self.steps.pop();
        result
    }

    /// Any schema. `part` says that it is one of several that share the value, so that keys it does
    /// not know may be known to the others.
    pub(super) fn schema(
        &mut self,
        schema: &'a Value,
        value: &'a Value,
        part: bool,
        out: &mut Found<'a>,
    ) {
        match schema {
            Value::Object(map) if !crate::schema::is_never(schema) => {
                self.node(map, value, part, out);
            }
            Value::Bool(false) | Value::Object(_) => {
                self.push(self.problem("nothing is allowed here"), What::Unfit, out);
            }
            _ => {}
        }
    }

    /// The findings of a schema on its own, found once.
    pub(super) fn findings(
        &mut self,
        schema: &'a Value,
        value: &'a Value,
        part: bool,
    ) -> Rc<[Finding<'a>]> {
        match schema {
            Value::Object(schema) => self.findings_of(schema, value, part),
            other => {
                let mut found = Vec::new();
                self.schema(other, value, part, &mut found);
                found.into()
            }
        }
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
        let mut found = Vec::new();
        self.node(schema, value, part, &mut found);
        let found: Rc<[Finding<'a>]> = found.into();
        self.memo.insert(key, Rc::clone(&found));
        found
    }

    fn node(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &'a Value,
        part: bool,
        out: &mut Found<'a>,
    ) {
        if self.budget == 0 || self.depth > DEPTH || out.len() > LIMIT {
            return;
        }
        self.budget -= 1;
        self.depth += 1;
        self.node_within(schema, value, part, out);
        self.depth -= 1;
    }

    fn node_within(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &'a Value,
        part: bool,
        out: &mut Found<'a>,
    ) {
        // One complaint about a scalar is enough: the words say all that is expected of it.
        if !type_fits(schema, value) || !choice_fits(schema, value) {
            return self.unfit(schema, value, out);
        }
        let before = out.len();
        if let Some(target) = target(self.root, schema) {
            let shares = part || schema.contains_key("properties");
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
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            for member in parts {
                self.schema(member, value, true, out);
            }
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(variants)) = schema.get(key) {
                // Beside properties (a flattened enum) no variant knows all keys.
                let shares = part || schema.contains_key("properties");
                variants::look(self, schema, variants, value, shares, out);
            }
        }
        if !part && let Value::Object(map) = value {
            self.unknown_keys(schema, map, out);
        }
        self.rest(schema, value, before, out);
    }

    fn object(
        &mut self,
        schema: &'a Map<String, Value>,
        map: &'a Map<String, Value>,
        out: &mut Found<'a>,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(key) {
                let wanted = properties.and_then(|properties| properties.get(key));
                self.at(Step::Known(key), |walk| walk.missing(wanted, out));
            }
        }
        let others = schema
            .get("additionalProperties")
            .filter(|others| others.is_object());
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (key, value) in map {
            if let Some((name, wanted)) = properties.and_then(|map| map.get_key_value(key)) {
                self.at(Step::Known(name), |walk| {
                    walk.schema(wanted, value, false, out);
                });
            } else if let Some(wanted) = patterns.and_then(|map| pattern_for(map, key)) {
                self.at(Step::Given(key), |walk| {
                    walk.schema(wanted, value, false, out);
                });
            } else if let Some(wanted) = others {
                self.at(Step::Given(key), |walk| {
                    walk.schema(wanted, value, false, out);
                });
            }
        }
    }

    pub(super) fn missing(&self, wanted: Option<&Value>, out: &mut Found<'a>) {
        let mut problem = self.problem("missing");
        if let Some(Value::Object(wanted)) = wanted {
            let describe = self.describe();
            problem.expected = describe.expected(wanted);
            problem.example = describe.example(wanted);
        }
        self.push(problem, What::Missing, out);
    }

    fn array(&mut self, schema: &'a Map<String, Value>, items: &'a [Value], out: &mut Found<'a>) {
        let first = schema.get("prefixItems").and_then(Value::as_array);
        // Of a tuple that is too long, enough is said.
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let ends = first.is_some_and(|first| most.is_some_and(|most| most <= first.len() as u64));
        let rest = schema.get("items").filter(|_| !ends);
        for (index, item) in items.iter().enumerate() {
            let wanted = first.and_then(|first| first.get(index)).or(rest);
            if let Some(wanted) = wanted {
                self.at(Step::Item(index), |walk| {
                    walk.schema(wanted, item, false, out);
                });
            }
            if out.len() > LIMIT {
                return;
            }
        }
    }

    fn unknown_keys(
        &mut self,
        schema: &'a Map<String, Value>,
        map: &'a Map<String, Value>,
        out: &mut Found<'a>,
    ) {
        let keys = Keys::of(self.root, schema, map);
        let mistakes = match self.unknown {
            _ if keys.open => false,
            Unknown::WhereForbidden => keys.forbids,
            Unknown::Everywhere => keys.forbids || keys.named,
        };
        if !mistakes {
            return;
        }
        let what = match keys.only_tags {
            true => What::BesideTag,
            false => What::Unknown,
        };
        for key in map.keys() {
            if keys.known.contains(&key.as_str()) || keys.matches(key) {
                continue;
            }
            self.at(Step::Given(key), |walk| {
                let mut problem = walk.problem("unknown key");
                let parent = walk.steps.split_last().map(|(_, parent)| parent);
                let secret = parent.is_some_and(|parent| walk.places.covers(parent));
                if let Some(meant) = crate::suggest(key, keys.known.iter().copied()) {
                    if !secret {
                        problem
                            .problem
                            .push_str(&format!(", did you mean `{meant}`?"));
                    }
                } else if keys.known.is_empty() {
                    problem.problem.push_str(", none is known here");
                }
                if !keys.known.is_empty() {
                    problem.expected = Some(super::describe::one_of(&keys.known));
                }
                walk.push(problem, what, out);
            });
        }
    }

    /// Keywords that are not interpreted here, put to the validator. Nothing is said of them where
    /// something else is wrong already.
    #[cfg(feature = "validate")]
    fn rest(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &'a Value,
        before: usize,
        out: &mut Found<'a>,
    ) {
        if out.len() > before {
            return;
        }
        let rest: Map<String, Value> = schema
            .iter()
            .filter(|(keyword, _)| !INTERPRETED.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        if rest
            .keys()
            .all(|keyword| !ASSERTIONS.contains(&keyword.as_str()))
        {
            return;
        }
        let root = self.root;
        let part = self
            .parts
            .entry(address(schema))
            .or_insert_with(|| crate::validate::Part::new(root, rest));
        if !part.fits(value) {
            self.unfit(schema, value, out);
        }
    }

    #[cfg(not(feature = "validate"))]
    #[allow(clippy::unused_self)]
    fn rest(&mut self, _: &Map<String, Value>, _: &Value, _: usize, _: &mut Found<'a>) {}
}

/// The keywords that this walk interprets; the validator is asked about others only.
#[cfg(feature = "validate")]
const INTERPRETED: [&str; 24] = [
    "$defs",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "definitions",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "prefixItems",
    "properties",
    "required",
    "type",
];

/// The keywords worth compiling a part of a schema for.
#[cfg(feature = "validate")]
const ASSERTIONS: [&str; 12] = [
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "if",
    "maxProperties",
    "minProperties",
    "multipleOf",
    "not",
    "pattern",
    "propertyNames",
    "unevaluatedItems",
    "uniqueItems",
];
