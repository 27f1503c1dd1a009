//! What a host says about who is called: policies, fixed names, filters, the environment.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::{HookContext, PluginName};
use serde_json::{Map, Value};

/// A call that is to be routed, as a policy or a filter sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RouteRequest<'a> {
    /// The kind.
    pub kind: &'a str,
    /// The hook.
    pub hook: &'a str,
    /// The context of the call, with its metadata.
    pub ctx: &'a HookContext,
}

/// A plugin that may be chosen, as a filter sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PluginInfo<'a> {
    /// Its kind and name.
    pub name: &'a PluginName,
    /// Its capabilities: security and routing labels.
    pub capabilities: &'a [String],
    /// The free entries of its manifest's metadata table.
    pub metadata: &'a Map<String, Value>,
    /// Its priority.
    pub priority: u32,
    /// Where it runs.
    pub runtime: Runtime,
    /// The version of its package.
    pub version: Option<&'a str>,
}

/// Names the plugin of a singleton, or leaves it to the others.
pub(crate) type Policy = Arc<dyn Fn(&RouteRequest<'_>) -> Option<String> + Send + Sync>;

/// Says whether a plugin may be chosen.
pub(crate) type Filter = Arc<dyn Fn(&RouteRequest<'_>, &PluginInfo<'_>) -> bool + Send + Sync>;

/// Reads an environment variable.
pub(crate) type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Everything a host says about who is called.
#[derive(Clone, Default)]
pub(crate) struct Routing {
    pub(crate) policies: HashMap<String, Policy>,
    pub(crate) fixed: HashMap<String, String>,
    pub(crate) filters: Vec<Filter>,
    /// The program's own, unless set.
    pub(crate) environment: Option<Environment>,
}

impl fmt::Debug for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routing")
            .field("policies", &self.policies.keys())
            .field("fixed", &self.fixed)
            .field("filters", &self.filters.len())
            .finish_non_exhaustive()
    }
}

impl Routing {
    /// The plugin the environment names for a kind; an empty value names none.
    pub(crate) fn named_by_environment(&self, variable: &str) -> Option<String> {
        let value = match &self.environment {
            Some(environment) => environment(variable),
            None => std::env::var(variable).ok(),
        };
        value.filter(|name| !name.is_empty())
    }
}

/// `DAGSTACK_ACTIVE_<KIND>`.
pub(crate) fn variable(kind: &str) -> String {
    let kind = kind.to_uppercase().replace('-', "_");
    format!("DAGSTACK_ACTIVE_{kind}")
}
