//! Config sections by their schemas: what does not fit, all of it at once, by full path.

use std::cell::RefCell;

use dagstack_plugin_core::config::{self, Config, Decoded, SectionReader, check_nesting};
use dagstack_plugin_core::encode::nesting::{MAX_NESTING, value_is_deeper};
use dagstack_plugin_core::numbers::of_text;
use dagstack_plugin_core::schema::{Schema, published_input};
use dagstack_plugin_core::undecoded::{Segment, Undecoded};
use dagstack_plugin_core::{ConfigInvalid, Declaration, PluginName, Problem};
use serde_json::{Map, Value};

use crate::diagnose::{self, Finding, Unknown};
use crate::schema::validator::{Validator, invalid_schema, unexplained};
use crate::schema::{Shape, Wanted, constrains};
use crate::secrets::{Scrubber, SecretPlaces};
use crate::step::Step;
use crate::validate::validate;

/// Reads sections for plugins in this process.
///
/// Keys that the type does not know are mistakes at any depth, also where it would ignore them, and so
/// is what the schema says beyond the type (`#[schemars(range(…))]` and the like). As JSON Schema has
/// it, `5.0` is an integer.
#[derive(Debug)]
pub(crate) struct Sections;

impl SectionReader for Sections {
    fn read(
        &self,
        declaration: &Declaration,
        schema: fn() -> Schema,
        mut section: Value,
        decode: &mut dyn FnMut(&Value) -> Decoded,
    ) -> Result<(), ConfigInvalid> {
        let typed = schema();
        let constrains = constrains(&typed);
        let schema = published_input(typed);
        let mut decoded = decode(&section);
        for everywhere in [false, true] {
            if decoded.outcome.is_err()
                && let Some(respelt) = respelt(&section, &schema, everywhere)
            {
                let again = decode(&respelt);
                // What is explained is what the author wrote, but for integers that are none to serde.
                if again.outcome.is_ok() || !everywhere {
                    (section, decoded) = (respelt, again);
                }
            }
        }
        let case = Case {
            base: declaration.key(),
            schema,
            constrains,
            decode: RefCell::new(decode),
        };
        let ignored = &*decoded.ignored;
        let problems = match &decoded.outcome {
            Ok(()) => case.decoded(&section, ignored),
            Err(failure) => case.undecoded(&section, ignored, failure),
        };
        if problems.is_empty() {
            return decoded.outcome.map_err(|_| case.invalid(Vec::new()));
        }
        Err(case.invalid(problems))
    }

    fn without_secrets(
        &self,
        declaration: &Declaration,
        sections: [&Value; 2],
        text: &str,
    ) -> String {
        let schema = (declaration.config_schema)();
        let cut = |text: String, section| Scrubber::of(section, &schema).scrub(&text).into_owned();
        sections.into_iter().fold(text.to_owned(), cut)
    }
}

/// Decodes a config section; `null` means an empty one.
///
/// # Errors
///
/// Every mistake in it, by its full path.
pub fn decode<C: Config>(declaration: &Declaration, section: Value) -> Result<C, ConfigInvalid> {
    config::decode(declaration, section, Some(&Sections))
}

/// Checks a section by the schema that the plugin says it has.
///
/// # Errors
///
/// Every mistake, by its full path.
pub fn check_section(
    plugin: &PluginName,
    schema: &Schema,
    section: &Value,
) -> Result<(), ConfigInvalid> {
    let (path, empty) = (plugin.to_string(), Value::Object(Map::new()));
    let section = if section.is_null() { &empty } else { section };
    check_nesting(&path, section)?;
    match validate(&path, schema, section) {
        problems if problems.is_empty() => Ok(()),
        problems => Err(ConfigInvalid::new(path, problems)),
    }
}

/// A section that did not decode, with its integers written as serde takes them, if there are any:
/// where the schema wants one, or `everywhere` but where it takes any value whatever.
#[cold]
fn respelt(section: &Value, schema: &Schema, everywhere: bool) -> Option<Value> {
    if value_is_deeper(section, MAX_NESTING) {
        return None;
    }
    let shape = Shape::of(schema);
    of_text(&section.to_string(), Wanted::of(&shape, everywhere))
}

/// What is known of a config besides its type.
struct Case<'a> {
    base: String,
    schema: Schema,
    /// Whether the schema says more than the type.
    constrains: bool,
    decode: RefCell<&'a mut dyn FnMut(&Value) -> Decoded>,
}

impl Case<'_> {
    fn invalid(self, problems: Vec<Problem>) -> ConfigInvalid {
        ConfigInvalid::new(self.base, problems)
    }

    #[cold]
    fn undecoded(
        &self,
        section: &Value,
        ignored: &[Vec<Segment>],
        failure: &Undecoded,
    ) -> Vec<Problem> {
        if !section.is_object() {
            return vec![self.no_object(section)];
        }
        if diagnose::takes_nothing(&self.schema) {
            return diagnose::nothing_taken(&self.base, section, NO_CONFIG);
        }
        let findings = diagnose::explain(&self.base, &self.schema, section, Unknown::Everywhere);
        // What serde got past and did not ignore, it read by another name (an alias).
        let stop = diagnose::steps(&failure.path);
        let (aliases, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| {
            finding.is_unknown_key()
                && comes_before(&finding.steps, &stop, section)
                && !is_among(ignored, &finding.steps)
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

    fn decoded(&self, section: &Value, ignored: &[Vec<Segment>]) -> Vec<Problem> {
        // Serde would also take a struct from an array.
        if !section.is_object() {
            return vec![self.no_object(section)];
        }
        // A free-form section looks the same, and takes everything.
        if diagnose::takes_nothing(&self.schema) && !ignored.is_empty() {
            return diagnose::nothing_taken(&self.base, section, NO_CONFIG);
        }
        let findings = diagnose::explain(&self.base, &self.schema, section, Unknown::Everywhere);
        let (unknown, unfit): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(Finding::is_unknown_key);
        // Keys under other names (aliases) are unknown to the schema only. Serde tells of keys it
        // ignores, but not of those it buffers first (in flattened and tagged types).
        let (unknown, known): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|finding| {
            is_among(ignored, &finding.steps) || !self.reads(&finding.steps, section)
        });
        let silent = ignored.iter().map(|place| diagnose::steps(place));
        let silent: Vec<_> = silent
            .filter(|place| !unknown.iter().any(|finding| is_same(place, &finding.steps)))
            .collect();
        // Where nothing else is told, the schema's refusal needs a word of its own.
        let explained = !unknown.is_empty() || !known.is_empty() || !unfit.is_empty();
        let mut problems = self.violations(section, unfit, &known, explained);
        problems.extend(diagnose::problems(&self.base, unknown));
        if !silent.is_empty() {
            let places = SecretPlaces::of(section, &self.schema);
            problems.extend(silent.into_iter().take(diagnose::LIMIT).map(|place| {
                let path = diagnose::render(&self.base, &place, &places);
                Problem::new(path, "unknown key")
            }));
        }
        problems
    }

    /// Whether the type reads what stands at the end of `steps`.
    fn reads(&self, steps: &[Step<'_>], section: &Value) -> bool {
        let decodes = &mut |odd: &Value| (self.decode.borrow_mut())(odd).outcome.is_ok();
        diagnose::reads(section, steps, decodes)
    }

    /// What does not fit the schema though it decoded.
    fn violations(
        &self,
        section: &Value,
        unfit: Vec<Finding<'_>>,
        aliases: &[Finding<'_>],
        explained: bool,
    ) -> Vec<Problem> {
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

    fn no_object(&self, section: &Value) -> Problem {
        let what = "the section is not an object:";
        diagnose::no_object(&self.base, &self.schema, section, what)
    }
}

/// Whether the steps are those to one of these places.
fn is_among(places: &[Vec<Segment>], steps: &[Step<'_>]) -> bool {
    let mut places = places.iter();
    places.any(|place| is_same(&diagnose::steps(place), steps))
}

fn is_same(place: &[Step<'_>], steps: &[Step<'_>]) -> bool {
    let same = |(one, other): (&Step<'_>, &Step<'_>)| match (one, other) {
        (Step::Item(one), Step::Item(other)) => one == other,
        _ => one.key().is_some() && one.key() == other.key(),
    };
    place.len() == steps.len() && place.iter().zip(steps).all(same)
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
