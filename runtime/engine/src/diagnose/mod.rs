//! Why a value does not fit: every mistake at once, by its full path, without showing a secret.
//!
//! The walk over schema and value is our own, because a validator's error tree grows exponentially
//! with nested alternatives (`oneOf` in a recursive type), and a caller chooses the nesting. Here
//! each pair of schema and value is looked at once. Keywords that are not interpreted here are put to
//! the validator.

mod describe;
mod explain;
mod path;
mod variants;

use serde_json::{Value, json};

use crate::step::Step;
pub(crate) use explain::{Finding, Mistake, Unknown, explain};
pub(crate) use path::render;

use crate::schema::validator::{Validator, unexplained};
use crate::secrets::{Scrubber, SecretPlaces};
use dagstack_plugin_core::Problem;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::MASK_GIVEN;
use dagstack_plugin_core::undecoded::{Segment, UNFIT, Undecoded};

/// No more problems than this are told at once.
pub(crate) const LIMIT: usize = 50;

/// The problems of some findings, unknown keys last: the first of each path, at most [`LIMIT`].
pub(crate) fn problems(base: &str, mut findings: Vec<Finding<'_>>) -> Vec<Problem> {
    findings.sort_by_key(Finding::is_unknown_key);
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

/// The problems of a value that did not decode: those of its schema, or else what serde said. `ignored`
/// are the places that the type is known to take no notice of.
///
/// Schemas do not name aliases. What serde got past and did not ignore, it read by another name, and
/// missed but one key.
#[cold]
pub(crate) fn undecoded(
    base: &str,
    schema: &Schema,
    value: &Value,
    unknown: Unknown,
    ignored: &[Vec<Step<'_>>],
    failure: &Undecoded,
) -> Vec<Problem> {
    let stop = steps(&failure.path);
    let missed = failure.message.strip_prefix("missing field `");
    let missed = missed.and_then(|rest| rest.split('`').next());
    let is_alias = |finding: &Finding<'_>| {
        let is_read = comes_before(&finding.steps, &stop, value)
            || (missed.is_some() && finding.steps.starts_with(&stop));
        finding.is_unknown_key() && is_read && !ignored.contains(&finding.steps)
    };
    let mut aliases = explain(base, schema, value, Unknown::Everywhere);
    aliases.retain(is_alias);
    let mut findings = explain(base, schema, value, unknown);
    findings.retain(|finding| !is_alias(finding));
    let is_missed = |finding: &Finding<'_>| {
        let key = finding.steps.last().and_then(|step| step.key());
        finding.mistake == Mistake::Missing && finding.parent() == Some(&stop) && key == missed
    };
    findings.retain(|finding| is_missed(finding) || !is_beside(finding, &aliases));
    if findings.is_empty() {
        return vec![of_serde(base, schema, failure, value)];
    }
    problems(base, findings)
}

/// The problems of an object that did decode but does not fit its schema. Where that forbids keys that
/// the type ignores, `reads` says which the type reads; it is asked for those that are unknown only.
#[cold]
pub(crate) fn unfit(
    base: &str,
    schema: &Schema,
    value: &Value,
    reads: Option<&mut dyn FnMut(&str) -> bool>,
) -> Vec<Problem> {
    let findings = explain(base, schema, value, Unknown::WhereForbidden);
    if findings.is_empty() {
        return match stray_keys(schema, value) {
            keys if keys.is_empty() => vec![unexplained(base)],
            keys => unknown_keys(base, value, keys.into_iter(), ""),
        };
    }
    // What serde did not miss is there under another name, and where a type forbids other keys, what it
    // took is such an alias.
    let at_top = |mistake| {
        let of_it = |it: &&Finding<'_>| it.mistake == mistake && it.steps.len() == 1;
        findings.iter().filter(of_it).count()
    };
    let may_stray = at_top(Mistake::Unknown) > at_top(Mistake::Missing);
    let (unknown, mut unfit): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(Finding::is_unknown_key);
    if let Some(reads) = reads.filter(|_| may_stray) {
        let strays = unknown.into_iter().filter(|it| match *it.steps {
            [Step::Given(key)] => !reads(key),
            _ => false,
        });
        unfit.extend(strays);
    }
    // Also where other keys are welcome.
    let mut others = explain(base, schema, value, Unknown::Everywhere);
    others.retain(Finding::is_unknown_key);
    problems(base, beside(unfit, &others))
}

/// Whether a type reads what stands at the end of `steps`: it does not take everything there.
pub(crate) fn reads(
    value: &Value,
    steps: &[Step<'_>],
    decodes: &mut dyn FnMut(&Value) -> bool,
) -> bool {
    let odd = [json!(-1.5e300), json!({ "\u{1}": ["\u{1}"] })];
    odd.into_iter().any(|odd| {
        let mut value = value.clone();
        let whole = &mut value;
        if let Some(place) = steps.iter().try_fold(whole, |at, step| step.go_mut(at)) {
            *place = odd;
        }
        !decodes(&value)
    })
}

/// The findings but for the keys missing beside aliases: one of them is there under its other name.
pub(crate) fn beside<'a>(findings: Vec<Finding<'a>>, aliases: &[Finding<'_>]) -> Vec<Finding<'a>> {
    let findings = findings.into_iter();
    findings.filter(|it| !is_beside(it, aliases)).collect()
}

fn is_beside(finding: &Finding<'_>, aliases: &[Finding<'_>]) -> bool {
    let here = finding.parent();
    finding.mistake == Mistake::Missing && aliases.iter().any(|alias| alias.parent() == here)
}

/// Whether serde, which reads in order, comes to the end of `steps` before that of `others`.
fn comes_before(steps: &[Step<'_>], others: &[Step<'_>], section: &Value) -> bool {
    let mut pairs = steps.iter().zip(others);
    let Some(fork) = pairs.position(|(step, other)| step != other) else {
        return false;
    };
    let mut way = steps[..fork].iter();
    match (
        steps[fork],
        others[fork],
        way.try_fold(section, |at, step| step.go(at)),
    ) {
        (Step::Item(at), Step::Item(other), _) => at < other,
        (step, other, Some(Value::Object(map))) => {
            let mut keys = map.keys().map(|key| Some(key.as_str()));
            keys.find(|key| [step.key(), other.key()].contains(key)) == Some(step.key())
        }
        _ => false,
    }
}

/// The keys without which an object fits. Which keys a flattened enum knows depends on what else is
/// there.
fn stray_keys<'a>(schema: &Schema, value: &'a Value) -> Vec<&'a str> {
    let (Some(object), properties) = (value.as_object(), schema.get("properties")) else {
        return Vec::new();
    };
    let validator = Validator::new(schema);
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
    let each = keys().take(LIMIT);
    each.filter(|key| fits(&|kept| kept != *key)).collect()
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
    let places = SecretPlaces::by_names(value);
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
            describe::found(value, SecretPlaces::of(value, schema).covers(&[]))
        ),
    );
    problem.expected = Some("an object".to_owned());
    problem
}

/// The steps of a path as serde goes.
pub(crate) fn steps(path: &[Segment]) -> Vec<Step<'_>> {
    let steps = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Item(*index)),
        Segment::Map { key: name } | Segment::Enum { variant: name } => Some(Step::Given(name)),
        Segment::Unknown => None,
    });
    steps.collect()
}

/// The mistake that serde met, at its full path.
pub(crate) fn of_serde(base: &str, schema: &Schema, failure: &Undecoded, input: &Value) -> Problem {
    let steps = steps(&failure.path);
    // Serde quotes what it meets; inside a secret not even the scrubbed message is needed.
    let places = SecretPlaces::of(input, schema);
    let message = if failure.message == MASK_GIVEN {
        MASK_GIVEN.to_owned()
    } else if places.covers(&steps) {
        UNFIT.to_owned()
    } else {
        Scrubber::of(input, schema)
            .scrub(&failure.message)
            .into_owned()
    };
    Problem::new(render(base, &steps, &places), message)
}
