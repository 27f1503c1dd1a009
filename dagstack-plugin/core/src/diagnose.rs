//! Why a value does not fit: every mistake at once, by its full path, without showing a secret.
//!
//! The walk over schema and value is our own, because a validator's error tree grows exponentially
//! with nested alternatives (`oneOf` in a recursive type), and a caller chooses the nesting. Here
//! each pair of schema and value is looked at once. It also works without the feature `validate`;
//! with it, keywords that are not interpreted here are put to the validator one by one.

mod describe;
mod example;
mod explain;
mod fallback;
mod fits;
mod keys;
mod path;
mod variants;

use serde_json::Value;

pub(crate) use example::example_of;
pub(crate) use explain::{Finding, Unknown, What, explain};
#[cfg(feature = "validate")]
pub(crate) use fallback::beside;
#[cfg(feature = "validate")]
use fallback::ignores;
use fallback::without_aliases;
pub(crate) use fallback::{Failure, Trial, is_ignored, of_serde, trial};
pub(crate) use fits::{choice_fits, type_fits};
pub(crate) use keys::Keys;
pub(crate) use path::{Step, render};

use crate::problem::Problem;
use crate::schema::Schema;
use crate::secrets::Places;

/// No more problems than this are told at once.
pub(crate) const LIMIT: usize = 50;

/// The problems of some findings: the first of each path, at most [`LIMIT`].
pub(crate) fn problems(base: &str, findings: Vec<Finding<'_>>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for finding in findings {
        if problems.len() == LIMIT {
            problems.push(Problem::new(
                base,
                "there are more mistakes; mend these first",
            ));
            break;
        }
        let told = problems
            .iter()
            .any(|told| told.path == finding.problem.path);
        if !told {
            problems.push(finding.problem);
        }
    }
    problems
}

/// The problems of a value that did not decode: those of its schema, or else what serde said.
#[cold]
pub(crate) fn undecoded(
    base: &str,
    schema: &Schema,
    value: &Value,
    unknown: Unknown,
    trial: Trial,
) -> Vec<Problem> {
    let findings = explain(base, schema, value, unknown);
    let findings = without_aliases(findings, value, trial);
    if !findings.is_empty() {
        return problems(base, findings);
    }
    trial(value)
        .map(|failure| of_serde(base, schema, &failure, value))
        .into_iter()
        .collect()
}

/// The problems of a value that did decode but does not fit its schema.
#[cold]
#[cfg(feature = "validate")]
pub(crate) fn unfit(base: &str, schema: &Schema, value: &Value, trial: Trial) -> Vec<Problem> {
    let findings = explain(base, schema, value, Unknown::WhereForbidden);
    if findings.is_empty() {
        return match stray_keys(schema, value) {
            keys if keys.is_empty() => vec![crate::validate::unexplained(base)],
            keys => unknown_keys(base, value, keys.into_iter(), ""),
        };
    }
    // Aliases fit the type, and schemas do not know them, whether they forbid other keys or not.
    let mut aliases = explain(base, schema, value, Unknown::Everywhere);
    aliases.retain(|it| it.what == What::Unknown && !ignores(trial, &it.steps, value));
    problems(
        base,
        beside(without_aliases(findings, value, trial), &aliases),
    )
}

/// The keys without which an object fits. Which keys a flattened enum knows depends on what else is
/// there.
#[cfg(feature = "validate")]
fn stray_keys<'a>(schema: &Schema, value: &'a Value) -> Vec<&'a str> {
    let (Some(object), properties) = (value.as_object(), schema.get("properties")) else {
        return Vec::new();
    };
    let validator = crate::validate::Validator::new(schema);
    let fits = |keeps: &dyn Fn(&str) -> bool| {
        let kept = object.iter().filter(|(key, _)| keeps(key));
        let kept = kept.map(|(key, value)| (key.clone(), value.clone()));
        validator.fits(&Value::Object(kept.collect())) == Ok(true)
    };
    let is_named = |key: &str| properties.is_some_and(|named| named.get(key).is_some());
    let keys = || object.keys().map(String::as_str);
    if fits(&is_named) {
        return keys().filter(|key| !is_named(key)).collect();
    }
    keys().filter(|key| fits(&|kept| kept != *key)).collect()
}

/// The problems of keys that the schema forbids and the type takes no notice of.
#[cold]
#[cfg(not(feature = "validate"))]
pub(crate) fn unknown(base: &str, schema: &Schema, value: &Value, trial: Trial) -> Vec<Problem> {
    let mut findings = explain(base, schema, value, Unknown::WhereForbidden);
    findings.retain(|finding| finding.what == What::Unknown);
    problems(base, without_aliases(findings, value, trial))
}

/// Whether the schema is an object without any key.
pub(crate) fn takes_nothing(schema: &Schema) -> bool {
    let empty = schema
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(serde_json::Map::is_empty);
    let closed = schema
        .get("additionalProperties")
        .is_none_or(|others| others == &Value::Bool(false));
    let more = [
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "patternProperties",
        "propertyNames",
    ];
    empty && closed && more.iter().all(|keyword| !schema.contains_key(*keyword))
}

/// One problem for each key of an object that should have none.
pub(crate) fn nothing_taken(base: &str, value: &Value, why: &str) -> Vec<Problem> {
    let keys = value.as_object().into_iter().flatten();
    let why = format!(": {why}");
    unknown_keys(base, value, keys.map(|(key, _)| key.as_str()), &why)
}

fn unknown_keys<'a>(
    base: &str,
    value: &Value,
    keys: impl Iterator<Item = &'a str>,
    why: &str,
) -> Vec<Problem> {
    let places = Places::by_names(value);
    keys.take(LIMIT)
        .map(|key| {
            let path = render(base, &[Step::Given(key)], &places);
            Problem::new(path, format!("unknown key{why}"))
        })
        .collect()
}

/// The problem of a value that is no object where one is needed.
pub(crate) fn no_object(base: &str, schema: &Schema, value: &Value, what: &str) -> Problem {
    let mut problem = Problem::new(
        base,
        format!(
            "{what} found {}",
            describe::found(value, Places::of(value, schema).covers(&[]))
        ),
    );
    problem.expected = Some("an object".to_owned());
    problem.example = example_of(schema).filter(Value::is_object);
    problem
}
