//! Config sections by their schemas: what does not fit, all of it at once, by full path.

use std::cell::RefCell;

use dagstack_plugin_core::config::{self, Config, Decoded, SectionReader, check_nesting};
use dagstack_plugin_core::encode::nesting::{MAX_NESTING, value_is_deeper};
use dagstack_plugin_core::numbers::of_text;
use dagstack_plugin_core::schema::{Schema, published_input};
use dagstack_plugin_core::undecoded::Undecoded;
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
        let ignored: Vec<_> = decoded
            .ignored
            .iter()
            .map(|it| diagnose::steps(it))
            .collect();
        let (base, schema) = (&*case.base, &case.schema);
        let problems = match &decoded.outcome {
            // Serde would also take a struct from an array.
            _ if !section.is_object() => {
                let what = "the section is not an object:";
                vec![diagnose::no_object(base, schema, &section, what)]
            }
            // A free-form section looks the same, and takes everything.
            outcome
                if diagnose::takes_nothing(schema) && (outcome.is_err() || !ignored.is_empty()) =>
            {
                diagnose::nothing_taken(base, &section, "the plugin takes no config")
            }
            Ok(()) => case.decoded(&section, &ignored),
            Err(failure) => case.undecoded(&section, failure),
        };
        if problems.is_empty() {
            return decoded.outcome.map_err(|_| case.invalid(Vec::new()));
        }
        Err(case.invalid(problems))
    }
}

/// A text of the author's without the secrets of these sections.
pub(crate) fn without_secrets(
    declaration: &Declaration,
    sections: [&Value; 2],
    text: String,
) -> String {
    let schema = (declaration.config_schema)();
    let cut = |text: String, section| Scrubber::of(section, &schema).scrub(&text).into_owned();
    sections.into_iter().fold(text, cut)
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
    fn undecoded(&self, section: &Value, failure: &Undecoded) -> Vec<Problem> {
        let (base, schema) = (&self.base, &self.schema);
        let again = &mut |odd: &Value| (self.decode.borrow_mut())(odd).outcome.err();
        diagnose::undecoded(base, schema, section, Unknown::Everywhere, failure, again)
    }

    fn decoded(&self, section: &Value, ignored: &[Vec<Step<'_>>]) -> Vec<Problem> {
        let findings = diagnose::explain(&self.base, &self.schema, section, Unknown::Everywhere);
        let (unknown, unfit): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(Finding::is_unknown_key);
        // Keys under other names (aliases) are unknown to the schema only. Serde tells of keys it
        // ignores, but not of those it buffers first (in flattened and tagged types).
        let (unknown, aliases): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|finding| {
            ignored.contains(&finding.steps) || !self.reads(&finding.steps, section)
        });
        let is_told = |steps: &[Step<'_>]| unknown.iter().any(|finding| finding.steps == steps);
        let silent: Vec<_> = ignored.iter().filter(|steps| !is_told(steps)).collect();
        let is_explained = !unknown.is_empty() || !aliases.is_empty() || !unfit.is_empty();
        let mut problems = match self.constrains || !unfit.is_empty() {
            true => match Validator::new(&self.schema).fits(section) {
                Ok(true) => Vec::new(),
                Ok(false) if !is_explained => vec![unexplained(&self.base)],
                Ok(false) => diagnose::problems(&self.base, diagnose::beside(unfit, &aliases)),
                Err(error) => vec![invalid_schema(&self.base, error)],
            },
            false => Vec::new(),
        };
        problems.extend(diagnose::problems(&self.base, unknown));
        if !silent.is_empty() {
            let places = SecretPlaces::of(section, &self.schema);
            problems.extend(silent.into_iter().take(diagnose::LIMIT).map(|place| {
                let path = diagnose::render(&self.base, place, &places);
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
}
