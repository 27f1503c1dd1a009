//! What only the type itself could tell: serde's own message.

use serde_json::Value;

use super::path::{Step, render};
use crate::problem::Problem;
use crate::schema::Schema;
use crate::secrets::{MASK_GIVEN, Places, Scrubber};
use crate::undecoded::{Segment, Undecoded};

/// The steps to where serde stopped.
pub(crate) fn steps(failure: &Undecoded) -> Vec<Step<'_>> {
    let steps = failure.path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Item(*index)),
        Segment::Map { key: name } | Segment::Enum { variant: name } => Some(Step::Given(name)),
        Segment::Unknown => None,
    });
    steps.collect()
}

/// The mistake that serde met, at its full path.
pub(crate) fn of_serde(base: &str, schema: &Schema, failure: &Undecoded, input: &Value) -> Problem {
    let steps = steps(failure);
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
