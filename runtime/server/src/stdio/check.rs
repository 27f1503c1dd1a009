//! `check`: everything that can be looked at without serving and without the author's setup.

use super::runtime::AsyncRuntime;
use super::standalone_config::{gather, warn};
use super::standalone_resources::StandaloneResources;
use crate::config::Sources;
use dagstack_engine::check_schemas;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::registration::Registration;

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

/// Looks at all of one plugin; a mistake in one part hides none in another.
pub(super) fn check(
    plugin: &Registration,
    sources: &Sources,
    resources: Result<StandaloneResources, String>,
) -> Report {
    let mut report = Report::default();
    report.add(config(plugin, sources));
    report.add(resources.and_then(|resources| all_there(&resources)));
    report.add(schemas(plugin.declaration()));
    report
}

fn config(plugin: &Registration, sources: &Sources) -> Result<String, String> {
    let gathered = gather(plugin, sources).map_err(|mistakes| {
        warn(&mistakes.warnings);
        mistakes.to_string()
    })?;
    warn(&gathered.warnings);
    Ok(match &gathered.sources[..] {
        [] => "config: ok, by its defaults".to_owned(),
        sources => format!("config: ok, from {}", sources.join(", ")),
    })
}

/// That the executable brings what the plugin cannot do without.
pub(super) fn all_there(resources: &StandaloneResources) -> Result<String, String> {
    if let Some((code, problem)) = resources.problem() {
        return Err(format!("{code}: {problem}"));
    }
    // The author's function makes resources as in a setup.
    let runtime = AsyncRuntime::default();
    let _inside = runtime.enter();
    let missing = resources
        .missing()
        .map_err(|error| format!("{}: {error}", error.code()))?;
    let missing: Vec<String> = missing
        .iter()
        .map(|error| format!("resource_missing: {error}"))
        .collect();
    match missing.is_empty() {
        true => Ok("resources: ok".to_owned()),
        false => Err(missing.join("\n")),
    }
}

fn schemas(declaration: &'static Declaration) -> Result<String, String> {
    check_schemas(declaration).map_err(|error| error.to_string())?;
    let count = declaration.hooks.len();
    let hooks = if count == 1 { "hook" } else { "hooks" };
    Ok(format!("schemas: ok, of {count} {hooks}"))
}
