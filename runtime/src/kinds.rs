//! The kinds a host knows: declared, built in, or brought by plugins that implement their traits.

use std::collections::BTreeMap;

use dagstack_plugin::kind::KindSpec;
use dagstack_plugin::kinds::{Orchestrator, Tool};
use dagstack_plugin::{Kind, suggest};

use crate::descriptor::{Descriptor, Source};
use crate::error::PluginRegistryError;

/// What every host knows, whether or not a plugin brings its trait.
const BUILT_IN: [&KindSpec; 2] = [<dyn Tool>::SPEC, <dyn Orchestrator>::SPEC];

/// The kinds a host knows, by name.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// Whether the host said which kinds it has; then it has no others.
    closed: bool,
    specs: BTreeMap<&'static str, &'static KindSpec>,
}

impl Kinds {
    /// What the host declares goes before what plugins bring, and that before what is built in.
    pub(crate) fn new(declared: &[&'static KindSpec], plugins: &[Descriptor]) -> Self {
        let brought = plugins.iter().filter_map(|plugin| match &plugin.source {
            Source::InProcess(registration) => registration.declaration().kind_spec,
            _ => None,
        });
        let mut specs = BTreeMap::new();
        for spec in declared.iter().copied().chain(brought).chain(BUILT_IN) {
            specs.entry(spec.name).or_insert(spec);
        }
        Self {
            closed: !declared.is_empty(),
            specs,
        }
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &'static KindSpec> {
        self.specs.values().copied()
    }

    pub(crate) fn spec(&self, kind: &str) -> Option<&'static KindSpec> {
        self.specs.get(kind).copied()
    }

    /// Refuses a plugin of a kind, or of a version of one, that the host does not have.
    ///
    /// # Errors
    ///
    /// `KindUnknown`, `KindVersionIncompatible`.
    pub(crate) fn check(&self, plugin: &Descriptor) -> Result<(), PluginRegistryError> {
        let kind = plugin.name.kind();
        let manifest = plugin.manifest.as_deref();
        let Some(spec) = self.spec(kind) else {
            // What wraps calls keeps to the contract of middleware, whatever its kind is called.
            let wraps = manifest.is_some_and(|manifest| manifest.chain_wrap.is_some());
            return if self.closed && !wraps {
                Err(self.unknown(plugin))
            } else {
                Ok(())
            };
        };
        // An executable without a manifest says nothing about it.
        match manifest {
            Some(manifest) if !fits(&manifest.kind_api_version, spec.version) => {
                Err(PluginRegistryError::KindVersionIncompatible {
                    plugin: plugin.name.clone(),
                    required: manifest.kind_api_version.clone(),
                    offered: spec.version.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    fn unknown(&self, plugin: &Descriptor) -> PluginRegistryError {
        let known: Vec<String> = self.specs.keys().copied().map(str::to_owned).collect();
        PluginRegistryError::KindUnknown {
            plugin: plugin.name.clone(),
            suggestion: suggest(plugin.name.kind(), known.iter().map(String::as_str))
                .map(str::to_owned),
            known,
        }
    }
}

/// Whether a plugin made for version `plugin` of a kind fits a host that has version `host`: the
/// same major, and before 1.0 the same minor too, as far as the plugin says.
fn fits(plugin: &str, host: &str) -> bool {
    let parts = |version: &str| -> Option<(u64, Option<u64>)> {
        let core = version.split(['-', '+']).next()?;
        let mut parts = core.split('.').map(|part| part.parse::<u64>().ok());
        let major = parts.next()??;
        let minor = match parts.next() {
            Some(minor) => Some(minor?),
            None => None,
        };
        Some((major, minor))
    };
    match (parts(plugin), parts(host)) {
        (Some((0, Some(plugin))), Some((0, Some(host)))) => plugin == host,
        (Some((plugin, _)), Some((host, _))) => plugin == host,
        _ => plugin == host,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn versions_of_a_kind_fit_by_their_major() {
        for (plugin, host, expected) in [
            ("1", "1.0.0", true),
            ("1.4.2", "1.0.0", true),
            ("2", "1.9.0", false),
            ("0", "0.3.1", true),
            ("0.3", "0.3.1", true),
            ("0.2.9", "0.3.1", false),
            ("1", "0.3.1", false),
            ("1.0.0-rc.1", "1.0.0", true),
            ("one", "1.0.0", false),
        ] {
            assert_eq!(fits(plugin, host), expected, "{plugin} on {host}");
        }
    }
}
