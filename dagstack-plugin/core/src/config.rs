//! A plugin's config: decoded from its section, checked against its schema, errors by full path;
//! and subscriptions to its changes.

mod queue;
mod subscription;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::declaration::Declaration;
use crate::diagnose::{self, Finding, Unknown};
use crate::encode::nesting::{MAX_NESTING, value_is_deeper};
use crate::error::ConfigInvalid;
use crate::numbers;
use crate::problem::Problem;
use crate::schema::Schema;
use crate::secrets::Places;
use crate::step::Step;
use crate::undecoded::{self, Undecoded};

pub use queue::ChangeQueue;
pub use subscription::{
    CallbackOutcome, Calls, ConfigSubscription, Coverage, Prepared, SectionFeed, failed_paths,
};

/// What a config type must be able to do. `#[data]` on a struct makes it so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plugin's config",
    label = "this type cannot be read as a config",
    note = "put `#[data]` on the type, or derive serde's `Deserialize` and schemars 1's `JsonSchema`"
)]
pub trait Config: DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<C: DeserializeOwned + JsonSchema + Send + Sync + 'static> Config for C {}

/// The config of a plugin that has none: only an empty section fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// Decodes a config section; `null` means an empty one.
///
/// Keys that `C` does not know are mistakes at any depth, also where the type would ignore them.
/// What the schema says beyond the type (`#[schemars(range(…))]` and the like) is checked with the
/// feature `validate`. As JSON Schema has it, `5.0` is an integer.
///
/// # Errors
///
/// When the section does not fit `C`, its schema, or has keys that `C` does not know.
pub fn decode<C: Config>(declaration: &Declaration, section: Value) -> Result<C, ConfigInvalid> {
    let mut section = match section {
        Value::Null => Value::Object(Map::new()),
        given => given,
    };
    let typed = crate::schema::typed_input::<C>();
    let case = Case {
        base: format!("{}.{}", declaration.kind, declaration.name),
        constrains: crate::schema::constrains(&typed),
        schema: crate::schema::published_input(typed),
        decodes: |section| read::<C>(section).0.is_ok(),
    };
    check_nesting(&case.base, &section)?;
    let (mut decoded, mut ignored) = read::<C>(&section);
    for everywhere in [false, true] {
        if decoded.is_err()
            && let Some(respelt) = numbers::respelt(&section, Some(&case.schema), everywhere)
        {
            let again = read::<C>(&respelt);
            // What is explained is what the author wrote, but for integers that are none to serde.
            if again.0.is_ok() || !everywhere {
                (section, (decoded, ignored)) = (respelt, again);
            }
        }
    }
    let problems = match &decoded {
        Ok(_) => case.decoded(&section, &ignored),
        Err(failure) => case.undecoded(&section, &ignored, failure),
    };
    match decoded {
        Ok(config) if problems.is_empty() => Ok(config),
        _ => Err(case.invalid(problems)),
    }
}

/// What a section decodes to, and the places that the type took no notice of.
fn read<C: Config>(section: &Value) -> (Result<C, Undecoded>, Vec<Place>) {
    let mut ignored = Vec::new();
    let mut ignore = |path: serde_ignored::Path<'_>| ignored.push(Place::of(&path));
    let decoded = undecoded::decode(serde_ignored::Deserializer::new(section, &mut ignore));
    (decoded, ignored)
}

/// Refuses a section that nests deeper than [`MAX_NESTING`] levels: it may have to cross to another
/// process.
///
/// # Errors
///
/// When it does.
pub fn check_nesting(section: &str, value: &Value) -> Result<(), ConfigInvalid> {
    if !value_is_deeper(value, MAX_NESTING) {
        return Ok(());
    }
    let problem = format!("the section nests deeper than {MAX_NESTING} levels");
    Err(ConfigInvalid::new(
        section,
        vec![Problem::new(section, problem)],
    ))
}

/// A place in a section that the type took no notice of.
#[derive(PartialEq)]
struct Place(Vec<Part>);

#[derive(PartialEq)]
enum Part {
    Key(String),
    Item(usize),
}

impl Place {
    fn of(path: &serde_ignored::Path<'_>) -> Self {
        use serde_ignored::Path;

        let mut parts = Vec::new();
        let mut here = path;
        loop {
            here = match here {
                Path::Root => break,
                Path::Seq { parent, index } => {
                    parts.push(Part::Item(*index));
                    parent
                }
                Path::Map { parent, key } => {
                    parts.push(Part::Key(key.clone()));
                    parent
                }
                Path::Some { parent }
                | Path::NewtypeStruct { parent }
                | Path::NewtypeVariant { parent } => parent,
            };
        }
        parts.reverse();
        Self(parts)
    }

    fn is(&self, steps: &[Step<'_>]) -> bool {
        self.0.len() == steps.len()
            && self.0.iter().zip(steps).all(|(part, step)| match part {
                Part::Key(key) => step.key() == Some(key),
                Part::Item(index) => *step == Step::Item(*index),
            })
    }

    fn steps(&self) -> Vec<Step<'_>> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Key(key) => Step::Given(key),
                Part::Item(index) => Step::Item(*index),
            })
            .collect()
    }
}

/// What is known of a config besides its type.
struct Case {
    base: String,
    schema: Schema,
    /// Whether the schema says more than the type.
    #[cfg_attr(not(feature = "validate"), allow(dead_code))]
    constrains: bool,
    /// Whether the type takes a section.
    decodes: fn(&Value) -> bool,
}

impl Case {
    fn invalid(self, problems: Vec<Problem>) -> ConfigInvalid {
        ConfigInvalid {
            section: self.base,
            problems,
        }
    }

    #[cold]
    fn undecoded(&self, section: &Value, ignored: &[Place], failure: &Undecoded) -> Vec<Problem> {
        if !section.is_object() {
            return vec![self.no_object(section)];
        }
        if diagnose::takes_nothing(&self.schema) {
            return diagnose::nothing_taken(&self.base, section, NO_CONFIG);
        }
        let findings = diagnose::explain(&self.base, &self.schema, section, Unknown::Everywhere);
        // What serde got past and did not ignore, it read by another name (an alias).
        let stop = diagnose::steps(failure);
        let (aliases, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| {
            finding.what.is_unknown()
                && comes_before(&finding.steps, &stop, section)
                && !ignored.iter().any(|place| place.is(&finding.steps))
        });
        match diagnose::beside(findings, &aliases) {
            findings if findings.is_empty() => {
                vec![diagnose::of_serde(
                    &self.base,
                    &self.schema,
                    failure,
                    section,
                )]
            }
            findings => diagnose::problems(&self.base, findings),
        }
    }

    fn decoded(&self, section: &Value, ignored: &[Place]) -> Vec<Problem> {
        // Serde would also take a struct from an array.
        if !section.is_object() {
            return vec![self.no_object(section)];
        }
        // A free-form section looks the same, and takes everything.
        if diagnose::takes_nothing(&self.schema) && !ignored.is_empty() {
            return diagnose::nothing_taken(&self.base, section, NO_CONFIG);
        }
        let findings = diagnose::explain(&self.base, &self.schema, section, Unknown::Everywhere);
        let (unknown, unfit): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.what.is_unknown());
        // Keys under other names (aliases) are unknown to the schema only. Serde tells of keys it
        // ignores, but not of those it buffers first (in flattened and tagged types).
        let (unknown, known): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|finding| {
            ignored.iter().any(|place| place.is(&finding.steps))
                || !self.reads(&finding.steps, section)
        });
        let silent: Vec<&Place> = ignored
            .iter()
            .filter(|place| !unknown.iter().any(|finding| place.is(&finding.steps)))
            .collect();
        // A section with unknown keys is refused anyway, so the schema need not explain itself.
        let explained = !unknown.is_empty() || !known.is_empty() || !unfit.is_empty();
        let mut problems = self.violations(section, unfit, &known, explained);
        problems.extend(diagnose::problems(&self.base, unknown));
        if !silent.is_empty() {
            let places = Places::of(section, &self.schema);
            problems.extend(silent.into_iter().take(diagnose::LIMIT).map(|place| {
                let path = diagnose::render(&self.base, &place.steps(), &places);
                Problem::new(path, "unknown key")
            }));
        }
        problems
    }

    /// Whether the type reads what stands at the end of `steps`: it does not take everything there.
    fn reads(&self, steps: &[Step<'_>], section: &Value) -> bool {
        [json!(-1.5e300), json!({ "\u{1}": ["\u{1}"] })]
            .into_iter()
            .any(|odd| {
                let mut section = section.clone();
                let end = &mut section;
                if let Some(place) = steps.iter().try_fold(end, |at, step| step.go_mut(at)) {
                    *place = odd;
                }
                !(self.decodes)(&section)
            })
    }

    /// What does not fit the schema though it decoded.
    #[cfg(feature = "validate")]
    fn violations(
        &self,
        section: &Value,
        unfit: Vec<Finding<'_>>,
        aliases: &[Finding<'_>],
        explained: bool,
    ) -> Vec<Problem> {
        use crate::schema::validator::{Validator, invalid_schema, unexplained};

        if unfit.is_empty() && !self.constrains {
            return Vec::new();
        }
        match Validator::new(&self.schema).fits(section) {
            Ok(true) => Vec::new(),
            Ok(false) => {
                let unfit = diagnose::beside(unfit, aliases);
                let mut problems = diagnose::problems(&self.base, unfit);
                if !explained {
                    problems.push(unexplained(&self.base));
                }
                problems
            }
            Err(error) => vec![invalid_schema(&self.base, error)],
        }
    }

    #[cfg(not(feature = "validate"))]
    #[allow(clippy::unused_self)]
    fn violations(
        &self,
        _: &Value,
        _: Vec<Finding<'_>>,
        _: &[Finding<'_>],
        _: bool,
    ) -> Vec<Problem> {
        Vec::new()
    }

    fn no_object(&self, section: &Value) -> Problem {
        let what = "the section is not an object:";
        diagnose::no_object(&self.base, &self.schema, section, what)
    }
}

/// Whether serde, which reads in order, comes to the end of `steps` before that of `others`.
fn comes_before(steps: &[Step<'_>], others: &[Step<'_>], section: &Value) -> bool {
    let mut here = Some(section);
    for (step, other) in steps.iter().zip(others) {
        match (step, other, here) {
            (Step::Item(at), Step::Item(other), _) if at != other => return at < other,
            _ if step.key() == other.key() => here = here.and_then(|here| step.go(here)),
            (_, _, Some(Value::Object(map))) => {
                let first = map
                    .keys()
                    .find(|key| [step.key(), other.key()].contains(&Some(key)));
                return first.map(String::as_str) == step.key();
            }
            _ => return false,
        }
    }
    false
}

const NO_CONFIG: &str = "the plugin takes no config";
