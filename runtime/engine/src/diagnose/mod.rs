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

/// The problems of a value that did not decode: those of its schema, or else what serde said. `again`
/// reads a value in its place.
///
/// Schemas do not name aliases: an unknown key that the type reads is one.
#[cold]
pub(crate) fn undecoded(
    base: &str,
    schema: &Schema,
    value: &Value,
    unknown: Unknown,
    failure: &Undecoded,
    again: &mut dyn FnMut(&Value) -> Option<Undecoded>,
) -> Vec<Problem> {
    let stop = steps(&failure.path);
    let fails_alike = &mut |odd: &Value| {
        let other = again(odd).filter(|other| other.message == failure.message);
        other.is_some_and(|other| steps(&other.path) == stop)
    };
    let mut aliases = explain(base, schema, value, Unknown::Everywhere);
    aliases.retain(|it| it.is_unknown_key() && reads(value, &it.steps, fails_alike));
    let is_alias = |finding: &Finding<'_>| {
        let mut aliases = aliases.iter();
        finding.is_unknown_key() && aliases.any(|alias| alias.steps == finding.steps)
    };
    let missed = failure.message.strip_prefix("missing field `");
    let missed = missed.and_then(|rest| rest.split('`').next());
    let mut findings = explain(base, schema, value, unknown);
    findings.retain(|finding| !is_alias(finding));
    for finding in &mut findings {
        let key = finding.steps.last().and_then(|step| step.key());
        // No alias stands for what serde itself missed.
        if missed.is_some() && key == missed && finding.parent() == Some(&stop) {
            finding.mistake = Mistake::Unfit;
        }
    }
    let findings = beside(findings, &aliases);
    let is_in_alias = aliases.iter().any(|alias| stop.starts_with(&alias.steps));
    let serde =
        (is_in_alias || findings.is_empty()).then(|| of_serde(base, schema, failure, value));
    serde.into_iter().chain(problems(base, findings)).collect()
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

/// Whether a type reads what stands at the end of `steps`: it is not all the same to `is_same` what does.
pub(crate) fn reads(
    value: &Value,
    steps: &[Step<'_>],
    is_same: &mut dyn FnMut(&Value) -> bool,
) -> bool {
    // What has that key, a `Value` reads as JSON in a text, and takes no array.
    let raw = json!({ "$serde_json::private::RawValue": ["\u{1}"] });
    let odd = [json!(-1.5e300), raw];
    odd.into_iter().any(|odd| {
        let mut value = value.clone();
        let whole = &mut value;
        if let Some(place) = steps.iter().try_fold(whole, |at, step| step.go_mut(at)) {
            *place = odd;
        }
        !is_same(&value)
    })
}

/// The findings but for the keys missing beside aliases, as many as these: they are there under their
/// other names.
pub(crate) fn beside<'a>(
    mut findings: Vec<Finding<'a>>,
    aliases: &[Finding<'_>],
) -> Vec<Finding<'a>> {
    let mut parents: Vec<_> = aliases.iter().map(Finding::parent).collect();
    findings.retain(|finding| {
        let here = finding.parent();
        let alias = parents.iter().position(|parent| *parent == here);
        let alias = alias.filter(|_| finding.mistake == Mistake::Missing);
        alias.map(|at| parents.swap_remove(at)).is_none()
    });
    findings
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

/// What a part of the schema `root` expects, in words; `None` if anything will do.
pub(crate) fn expected(root: &Schema, schema: &Schema) -> Option<String> {
    describe::expected(root, schema, None)
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
