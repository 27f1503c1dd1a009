//! `check`: everything that can be looked at without serving and without the author's setup.

use super::{resources, standalone};
use crate::config::Sources;
use dagstack_engine::check_schemas;
use dagstack_plugin_core::context::SetupContext;
use dagstack_plugin_core::plugin::Plugin;
use serde_json::Value;

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// A line for each part that is well.
    pub(super) well: Vec<String>,
    /// Each perhaps with a `help:` line.
    pub(super) problems: Vec<String>,
}

impl Report {
    fn add(&mut self, part: Result<String, String>) {
        match part {
            Ok(line) => self.well.push(line),
            Err(problem) => self.problems.push(problem),
        }
    }
}

/// Looks at all of it; a mistake in one part hides none in another.
pub(super) fn check<T: Plugin>(sources: &Sources) -> Report {
    let mut report = Report::default();
    report.add(config::<T>(sources));
    report.add(resources::<T>());
    report.add(schemas::<T>());
    report
}

fn config<T: Plugin>(sources: &Sources) -> Result<String, String> {
    let gathered = standalone::gather::<T>(sources).map_err(|mistakes| {
        standalone::warn(&mistakes.warnings);
        mistakes.to_string()
    })?;
    standalone::warn(&gathered.warnings);
    Ok(match &gathered.sources[..] {
        [] => "config: ok, by its defaults".to_owned(),
        sources => format!("config: ok, from {}", sources.join(", ")),
    })
}

/// What the plugin requires, and the executable has none of.
fn resources<T: Plugin>() -> Result<String, String> {
    let context = SetupContext::new(Value::Null).with_resources(resources::alone());
    context
        .check_resources(T::declaration())
        .map_err(|error| format!("resource_missing: {error}"))?;
    Ok("resources: ok".to_owned())
}

fn schemas<T: Plugin>() -> Result<String, String> {
    let declaration = T::declaration();
    check_schemas(declaration).map_err(|error| error.to_string())?;
    let count = declaration.hooks.len();
    let hooks = if count == 1 { "hook" } else { "hooks" };
    Ok(format!("schemas: ok, of {count} {hooks}"))
}
