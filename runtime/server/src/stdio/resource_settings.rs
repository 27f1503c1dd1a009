//! What is said of resources by `--resource NAME=VALUE` and by variables of the environment.

use std::ffi::OsString;

use super::standalone_resources::switch_on;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::{did_you_mean, is_slip, suggest};
use dagstack_resources::standalone::Standard;

/// What begins the variables' names.
const VARIABLE: &str = "DAGSTACK_RESOURCE_";

/// What is said of one resource, and where.
pub(super) struct Setting {
    /// `--resource NAME`, or a variable.
    pub(super) source: String,
    pub(super) resource: &'static str,
    pub(super) value: String,
}

impl Setting {
    /// Names the setting in what is wrong with it.
    pub(super) fn check<T>(&self, read: Result<T, String>) -> Result<T, String> {
        // The value may hold a key, and is not quoted.
        let Self { source, .. } = self;
        read.map_err(|expected| format!("`{source}`: the value does not fit, expected {expected}"))
    }
}

/// Reads settings for one plugin.
pub(super) struct Settings {
    pub(super) declaration: &'static Declaration,
    pub(super) standard: &'static [Standard],
}

impl Settings {
    /// The words of `--resource`.
    pub(super) fn of_options(&self, options: &[String]) -> Result<Vec<Setting>, String> {
        let mut settings: Vec<Setting> = Vec::new();
        for option in options {
            let Some((name, value)) = option.split_once('=') else {
                return Err(format!(
                    "`--resource {option}`: expected `NAME=VALUE`, for example `blob_store=file:///var/blobs`"
                ));
            };
            let source = format!("--resource {name}");
            let standard = self.named(name, &source, |name| name.to_owned())?;
            if settings.iter().any(|it| it.resource == standard.name) {
                return Err(format!("`{source}` is given twice; leave one out"));
            }
            let declared: Vec<&str> = self.declaration.resources().collect();
            if !declared.contains(&standard.name) {
                let plugin = self.declaration.key();
                let others = match &declared[..] {
                    [] => "no resources".to_owned(),
                    declared => format!("`{}`", declared.join("`, `")),
                };
                return Err(format!(
                    "`{source}`: `{plugin}` does not use it; it declares {others}"
                ));
            }
            if standard.read.is_none() {
                let mend = switch_on(standard);
                return Err(format!(
                    "`{source}`: this executable is built without it\nhelp: {mend}"
                ));
            }
            settings.push(Setting {
                source,
                resource: standard.name,
                value: value.to_owned(),
            });
        }
        Ok(settings)
    }

    /// Variables are inherited, and may be meant for other plugins: one about a standard resource that
    /// this plugin does not use, or that its executable lacks, is nobody's mistake.
    pub(super) fn of_variables(
        &self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Vec<Setting>, String> {
        let mut settings = Vec::new();
        for (variable, value) in variables {
            let variable = variable.to_string_lossy();
            let Some(name) = variable.strip_prefix(VARIABLE) else {
                continue;
            };
            if value.is_empty() {
                continue;
            }
            let name = name.to_lowercase();
            let spell = |name: &str| format!("{VARIABLE}{}", name.to_uppercase());
            let names = self.standard.iter().map(|standard| standard.name);
            let used = names.filter(|known| self.declaration.resources().any(|it| it == *known));
            if !self.standard.iter().any(|standard| standard.name == name)
                && !used.into_iter().any(|known| is_slip(&name, known))
            {
                continue; // for another plugin
            }
            let standard = self.named(&name, &variable, spell)?;
            let value = value.into_string();
            settings.push(Setting {
                source: variable.to_string(),
                resource: standard.name,
                value: value.map_err(|_| format!("`{variable}`: its value must be UTF-8"))?,
            });
        }
        Ok(settings)
    }

    /// The standard resource called `name` in `source`, where names are spelt so.
    fn named(
        &self,
        name: &str,
        source: &str,
        spell: impl Fn(&str) -> String,
    ) -> Result<&'static Standard, String> {
        let mut standard = self.standard.iter();
        if let Some(standard) = standard.find(|standard| standard.name == name) {
            return Ok(standard);
        }
        if self
            .declaration
            .resources()
            .any(|declared| declared == name)
        {
            return Err(format!(
                "`{source}`: only standard resources have settings, and `{name}` is the plugin's own"
            ));
        }
        let names = || self.standard.iter().map(|standard| standard.name);
        let guess = did_you_mean(suggest(name, names()).map(&spell));
        let known: Vec<String> = names().map(|name| format!("`{}`", spell(name))).collect();
        Err(format!(
            "`{source}`: there is no such resource{guess}; there are {}",
            known.join(", ")
        ))
    }
}
