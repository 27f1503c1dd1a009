//! What only the type itself can tell: serde's own message, and whether the type knows a key.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::explain::{Finding, What};
use super::path::{Step, render};
use crate::problem::Problem;
use crate::schema::Schema;
use crate::secrets::{MASK_GIVEN, Places, Scrubber};

/// The mistake that serde met, at its full path.
pub(crate) fn of_serde(base: &str, schema: &Schema, failure: &Failure, input: &Value) -> Problem {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for segment in &failure.path {
        match segment {
            Segment::Seq { index } => steps.push(Step::Item(*index)),
            Segment::Map { key } => steps.push(Step::Given(key)),
            Segment::Enum { variant } => steps.push(Step::Given(variant)),
            Segment::Unknown => {}
        }
    }
    // Serde quotes what it meets; inside a secret not even the scrubbed message is needed.
    let places = Places::of(input, schema);
    let message = if failure.message == MASK_GIVEN {
        MASK_GIVEN.to_owned()
    } else if places.covers(&steps) {
        "found a value that does not fit".to_owned()
    } else {
        Scrubber::of(input, schema)
            .scrub(&failure.message)
            .into_owned()
    };
    Problem::new(render(base, &steps, &places), message)
}

/// What serde said, and where.
pub(crate) struct Failure {
    pub(crate) path: Path,
    pub(crate) message: String,
}

impl Failure {
    /// What serde said, of a value that fits when it is looked at again.
    pub(crate) fn unlocated(error: &serde_json::Error) -> Self {
        // An empty path has no constructor of its own.
        let path = serde_path_to_error::Track::new().path();
        Self {
            path,
            message: error.to_string(),
        }
    }
}

/// Decodes a value as the type in question; `None` if it fits.
pub(crate) type Trial = fn(&Value) -> Option<Failure>;

/// The [`Trial`] of a type.
#[cold]
pub(crate) fn trial<T: DeserializeOwned>(value: &Value) -> Option<Failure> {
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    Some(Failure {
        path: error.path().clone(),
        message: error.into_inner().to_string(),
    })
}

/// Values of all types; a known key cannot take all of them unless it takes anything.
fn misfits() -> [Value; 6] {
    [
        Value::Null,
        json!(true),
        json!(-1.5e300),
        json!("\u{1}"),
        json!([["\u{1}"]]),
        json!({ "\u{1}": ["\u{1}"] }),
    ]
}

fn said(trial: Trial, value: &Value) -> Option<String> {
    trial(value).map(|failure| failure.message)
}

/// Whether the type takes no notice of the value at the end of `steps`, or of its key. The schema
/// cannot tell: it does not name aliases.
pub(crate) fn ignores(trial: Trial, steps: &[Step<'_>], input: &Value) -> bool {
    [false, true].into_iter().all(|with_texts| {
        let mut answers = misfits()
            .into_iter()
            .map(|misfit| chain(steps, input, with_texts, misfit).map(|value| said(trial, &value)));
        let Some(Some(first)) = answers.next() else {
            return true;
        };
        answers.all(|answer| answer == Some(first.clone()))
    })
}

/// Whether the type takes the whole value whatever stands at the end of `steps`.
pub(crate) fn is_ignored(trial: Trial, steps: &[Step<'_>], input: &Value) -> bool {
    misfits().into_iter().all(|misfit| {
        let mut value = input.clone();
        let mut place = Some(&mut value);
        for step in steps {
            place = place.and_then(|place| match step {
                Step::Known(key) | Step::Given(key) => place.get_mut(*key),
                Step::Item(index) => place.get_mut(*index),
            });
        }
        match place {
            Some(place) => {
                *place = misfit;
                trial(&value).is_none()
            }
            None => false,
        }
    })
}

/// Only what leads to the end of `steps`, so that no other mistake comes first; with the texts on
/// the way if wanted, for the tags among them.
fn chain(steps: &[Step<'_>], input: &Value, with_texts: bool, end: Value) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(end);
    };
    Some(match (step, input) {
        (Step::Known(key) | Step::Given(key), Value::Object(map)) => {
            let mut only = Map::new();
            if with_texts {
                let texts = map.iter().filter(|(_, value)| value.is_string());
                only.extend(texts.map(|(key, value)| (key.clone(), value.clone())));
            }
            let inner = chain(rest, map.get(*key)?, with_texts, end)?;
            only.insert((*key).to_owned(), inner);
            Value::Object(only)
        }
        (Step::Item(index), Value::Array(items)) => {
            let inner = chain(rest, items.get(*index)?, with_texts, end)?;
            Value::Array(vec![inner])
        }
        _ => return None,
    })
}

/// Drops the keys that the type knows though its schema does not (aliases), and the keys missing
/// beside them: one of them is there under its other name.
pub(crate) fn without_aliases<'a>(
    findings: Vec<Finding<'a>>,
    input: &Value,
    trial: Trial,
) -> Vec<Finding<'a>> {
    let (unknown, others): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.what == What::Unknown);
    let (unknown, aliases): (Vec<_>, Vec<_>) = unknown
        .into_iter()
        .partition(|finding| ignores(trial, &finding.steps, input));
    let mut kept = beside(others, &aliases);
    kept.extend(unknown);
    kept
}

/// The findings but for the keys missing beside aliases.
pub(crate) fn beside<'a>(findings: Vec<Finding<'a>>, aliases: &[Finding<'_>]) -> Vec<Finding<'a>> {
    findings
        .into_iter()
        .filter(|finding| {
            let here = finding.steps.split_last().map(|(_, parent)| parent);
            finding.what != What::Missing
                || !aliases
                    .iter()
                    .any(|alias| alias.steps.split_last().map(|(_, parent)| parent) == here)
        })
        .collect()
}
