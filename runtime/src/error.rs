//! [`PluginRegistryError`]: everything that can go wrong between a host and its plugins, apart from
//! a hook's own failure.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use dagstack_engine::Reason;
use dagstack_plugin::manifest::ManifestError;
use dagstack_plugin::resources::ResourceError;
use dagstack_plugin::{
    ConfigInvalid, DispatchError, HookError, PluginName, Problem, did_you_mean, json_type,
};
use serde_json::json;

use crate::config::ConfigSourceError;
use crate::status::{PluginStatus, State};

/// What lets a plugin of a manifest run that is not linked.
pub(crate) const BY_COMMAND: &str = if cfg!(feature = "mcp-stdio") {
    "give the manifest a `command`"
} else {
    "run it by the `command` of its manifest, which needs the feature `mcp-stdio` of dagstack-runtime"
};

/// What went wrong between a host and its plugins.
///
/// Its `Debug` form is its message too: that is what a `main` that returns an error prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PluginRegistryError {
    /// A path given to `discover` cannot be read.
    #[error("cannot discover plugins in `{}`: {source}; expected a plugin folder with a dagstack.toml, or a folder of such folders", path.display())]
    DiscoveryFailed {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// A manifest cannot be read.
    #[error(transparent)]
    ManifestInvalid(#[from] ManifestError),

    /// The plugin asks for another version of the core.
    #[error(
        "`{plugin}` needs a dagstack core {required}, this one is {offered}; use a version of the plugin made for it"
    )]
    VersionIncompatible {
        /// The plugin.
        plugin: PluginName,
        /// The range it asks for.
        required: String,
        /// What this host implements.
        offered: String,
    },

    /// The plugin is of a kind that the host does not have.
    #[error(
        "`{plugin}` is of a kind that this host does not have{}; it has {}; add `.kind::<dyn …>()`, or leave the plugin out",
        did_you_mean(suggestion.as_ref()),
        known.join(", ")
    )]
    KindUnknown {
        /// The plugin.
        plugin: PluginName,
        /// The kind that may be meant.
        suggestion: Option<String>,
        /// The kinds of the host, sorted.
        known: Vec<String>,
    },

    /// The plugin keeps to another version of its kind's contract.
    #[error(
        "`{plugin}` implements version {required} of its kind, this host has {offered}; use a version of the plugin made for it"
    )]
    KindVersionIncompatible {
        /// The plugin.
        plugin: PluginName,
        /// The version it implements.
        required: String,
        /// The version of the host.
        offered: String,
    },

    /// The plugin runs where this host cannot run it.
    #[error("`{plugin}` cannot run here: {reason}")]
    RuntimeNotSupported {
        /// The plugin.
        plugin: PluginName,
        /// Why, and how to mend it.
        reason: String,
    },

    /// Two plugins have the same kind and name.
    #[error(
        "`{plugin}` is there twice: {first} and {second}; a kind and name together belong to one plugin, so rename or leave out one of them"
    )]
    DuplicatePlugin {
        /// The plugin.
        plugin: PluginName,
        /// Where it was found first.
        first: String,
        /// Where it was found again.
        second: String,
    },

    /// A reference by name fits more than one plugin.
    #[error(
        "the name `{name}` (in {by}) fits several plugins: {}; say which with `{{ kind, name }}`",
        list(candidates)
    )]
    AmbiguousPlugin {
        /// The name.
        name: String,
        /// Who refers to it.
        by: String,
        /// The plugins it fits.
        candidates: Vec<PluginName>,
    },

    /// Several plugins of a kind are to take what no other does.
    #[error(
        "several plugins of kind `{kind}` are the fallback: {}; leave `fallback = true` to one of them",
        list(candidates)
    )]
    AmbiguousFallback {
        /// The kind.
        kind: String,
        /// The plugins.
        candidates: Vec<PluginName>,
    },

    /// A middleware goes where business plugins are.
    #[error(
        "the middleware {middleware} has priority {priority}; from {least} on is for middleware, below it for business plugins"
    )]
    MiddlewarePriority {
        /// The middleware: a plugin, or a type.
        middleware: String,
        /// Its priority.
        priority: u32,
        /// The least a middleware may have.
        least: u32,
    },

    /// A plugin wraps calls, but has nothing to wrap them with.
    #[error(
        "`{plugin}` wraps calls (`chain_wrap`), but has neither a hook `before` nor a hook `after`"
    )]
    MiddlewareWithoutHooks {
        /// The plugin.
        plugin: PluginName,
    },

    /// A plugin wraps calls with a hook that the host may not call.
    #[error(
        "`{plugin}` wraps calls (`chain_wrap`), but its hook `{hook}` is not exposed; leave out `mcp_exposed = false`"
    )]
    MiddlewareHookNotExposed {
        /// The plugin.
        plugin: PluginName,
        /// The hook.
        hook: String,
    },

    /// Plugins depend on each other in a circle.
    #[error(
        "plugins depend on each other in a circle: {}; remove one of these dependencies",
        edges_text(edges)
    )]
    DependencyCycle {
        /// Every dependency among the plugins of the circle: who needs whom.
        edges: Vec<(PluginName, PluginName)>,
    },

    /// A plugin that this one needs does not exist.
    #[error(
        "`{plugin}` depends on `{dependency}`, which is not registered{}",
        did_you_mean(suggestion.as_ref())
    )]
    DependencyMissing {
        /// The plugin.
        plugin: PluginName,
        /// What it depends on, as it says so.
        dependency: String,
        /// What it may have meant.
        suggestion: Option<String>,
    },

    /// A plugin that this one needs is not ready.
    #[error("`{plugin}` depends on `{dependency}`, which is not ready: {reason}")]
    DependencyUnavailable {
        /// The plugin.
        plugin: PluginName,
        /// What it depends on.
        dependency: PluginName,
        /// Why that one is not ready.
        reason: String,
    },

    /// A manifest names a plugin for this process that is not linked into it.
    #[error(
        "`{plugin}` ({origin}) runs in process as {entry_point}, but is not linked into this program; depend on its package and write `dagstack_runtime::link!({})`, or register it with `.plugin::<T>()`; or {BY_COMMAND}{}",
        crate_of(entry_point),
        did_you_mean(suggestion.as_ref())
    )]
    PluginNotLinked {
        /// The plugin.
        plugin: PluginName,
        /// The manifest.
        origin: String,
        /// The manifest's entry point, e.g. `fixed_chunker::FixedChunker`.
        entry_point: String,
        /// A linked plugin that may be meant.
        suggestion: Option<String>,
    },

    /// The plugin could not be loaded or set up.
    #[error("`{plugin}` could not be set up: {message}")]
    PluginLoadError {
        /// The plugin.
        plugin: PluginName,
        /// A stable word for the cause, e.g. `setup_failed`, `panicked`, `spawn_failed`.
        cause: String,
        /// What happened, and how to mend it.
        message: String,
    },

    /// Something took longer than it may.
    #[error(
        "`{plugin}`: {operation} took longer than {limit:?}; raise `{setting}` if it needs the time"
    )]
    Timeout {
        /// The plugin.
        plugin: PluginName,
        /// What took so long: `setup` or `teardown`.
        operation: &'static str,
        /// How long it may take.
        limit: Duration,
        /// The manifest key that sets the limit.
        setting: &'static str,
    },

    /// A plugin's config section does not fit.
    #[error("invalid config for `{section}`{}", problems_text(problems))]
    ConfigInvalid {
        /// The section, `<kind>.<name>`.
        section: String,
        /// The mistakes, each by its full path.
        problems: Vec<Problem>,
    },

    /// The configuration could not be loaded.
    #[error(
        "the configuration could not be loaded from `{id}`: {}",
        behind(id, source)
    )]
    ConfigSourceFailed {
        /// The source.
        id: String,
        /// Why.
        source: ConfigSourceError,
    },

    /// A new configuration that a subscriber's section does not fit; the old one stays.
    #[error("the new configuration is refused: {}", failures_text(failures))]
    ReloadRejected {
        /// The number of the change.
        change_id: u64,
        /// Every section that does not fit.
        failures: Vec<ConfigInvalid>,
    },

    /// The plugin needs a resource that the host does not have.
    #[error("`{plugin}` needs the resource `{}`: {missing}", .missing.resource())]
    ResourceMissing {
        /// The plugin.
        plugin: PluginName,
        /// The resource, and those the host has.
        missing: Box<ResourceError>,
    },

    /// The plugin runs as a process of its own, and a resource cannot be used from there.
    #[error("`{plugin}` cannot be given its resources: {reason}")]
    ResourceCannotCross {
        /// The plugin.
        plugin: PluginName,
        /// The resource, and why.
        reason: Box<ResourceError>,
    },

    /// The host's resources do not fit together.
    #[error("the resource `{resource}`: {problem}")]
    ResourceInvalid {
        /// The resource.
        resource: String,
        /// What is wrong.
        problem: String,
    },

    /// The program of a plugin is not the one its manifest expects.
    #[error(
        "`{plugin}` is not started: the sha256 of `{}` is {found}, its manifest expects {expected}; install the expected program, or, if the change is meant, mend `metadata.dagstack.sha256`",
        path.display()
    )]
    ContentHashMismatch {
        /// The plugin.
        plugin: PluginName,
        /// The program.
        path: PathBuf,
        /// What the manifest expects, as hexadecimal digits.
        expected: String,
        /// What the program has.
        found: String,
    },

    /// The plugin is torn down, but typed handles from before keep its value alive.
    #[error(
        "`{plugin}` is torn down, but typed handles from before still keep its value alive; drop what `registry.get` gave out before the teardown"
    )]
    LeakDetected {
        /// The plugin.
        plugin: PluginName,
    },

    /// The plugin's own teardown failed.
    #[error("`{plugin}` could not be torn down: {message}")]
    TeardownFailed {
        /// The plugin.
        plugin: PluginName,
        /// What happened.
        message: String,
    },

    /// No such plugin is registered.
    #[error("no plugin `{plugin}` is registered{}{hint}", did_you_mean(suggestion.as_ref()))]
    PluginNotFound {
        /// What was asked for.
        plugin: PluginName,
        /// What may be meant.
        suggestion: Option<String>,
        /// What else there is to know.
        hint: String,
    },

    /// The plugin is registered, but cannot be called.
    #[error("{message}")]
    PluginUnavailable {
        /// The plugin.
        plugin: PluginName,
        /// The state it is in.
        state: Box<State>,
        /// What that means, and how to mend it.
        message: String,
    },

    /// Plugins that are not ready after a setup.
    #[error("{} of {all} plugins are not ready:{}", failed.len(), lines(failed))]
    SetupIncomplete {
        /// Each with the reason in its state.
        failed: Vec<PluginStatus>,
        /// How many plugins there are.
        all: usize,
    },

    /// A dispatch found nobody to call, or the one it called failed.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),

    /// Plugins that could not be torn down.
    #[error("{} could not be torn down: {}", count(errors), join(errors))]
    TeardownErrors {
        /// Each with its error, in the order of the teardown.
        errors: Vec<(PluginName, PluginRegistryError)>,
    },
}

impl fmt::Debug for PluginRegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PluginRegistryError {
    /// The stable code of the error, in snake_case.
    pub fn code(&self) -> &str {
        match self {
            Self::DiscoveryFailed { .. } => "discovery_failed",
            Self::ManifestInvalid(_) => "manifest_invalid",
            Self::VersionIncompatible { .. } | Self::KindVersionIncompatible { .. } => {
                "version_incompatible"
            }
            Self::KindUnknown { .. } => "kind_unknown",
            Self::RuntimeNotSupported { .. } => "runtime_not_supported",
            Self::DuplicatePlugin { .. } => "duplicate_plugin",
            Self::AmbiguousPlugin { .. } | Self::AmbiguousFallback { .. } => "ambiguous_plugin",
            Self::MiddlewarePriority { .. } => "middleware_priority",
            Self::MiddlewareWithoutHooks { .. } => "middleware_without_hooks",
            Self::MiddlewareHookNotExposed { .. } => "middleware_hook_not_exposed",
            Self::DependencyCycle { .. } => "dependency_cycle",
            Self::DependencyMissing { .. } => "dependency_missing",
            Self::DependencyUnavailable { .. } => "dependency_unavailable",
            Self::PluginNotLinked { .. } => "plugin_not_linked",
            Self::PluginLoadError { .. } => "plugin_load_error",
            Self::Timeout { .. } => "timeout",
            Self::ConfigInvalid { .. } => dagstack_plugin::code::CONFIG_INVALID,
            Self::ConfigSourceFailed { .. } => "config_source_failed",
            Self::ReloadRejected { .. } => "reload_rejected",
            Self::ResourceMissing { .. } => "resource_missing",
            Self::ResourceCannotCross { .. } => "resource_cannot_cross",
            Self::ResourceInvalid { .. } => "resource_invalid",
            Self::ContentHashMismatch { .. } => "content_hash_mismatch",
            Self::LeakDetected { .. } => "leak_detected",
            Self::TeardownFailed { .. } => "teardown_failed",
            Self::PluginNotFound { .. } => "plugin_not_found",
            Self::PluginUnavailable { .. } => "plugin_unavailable",
            Self::SetupIncomplete { .. } => "setup_incomplete",
            Self::Dispatch(error) => error.code(),
            Self::TeardownErrors { .. } => "teardown_errors",
        }
    }

    /// The error as the reason of a plugin's state.
    pub(crate) fn reason(&self) -> Reason {
        let details = match self {
            Self::ConfigInvalid { section, problems } => {
                Some(json!({ "section": section, "problems": problems }))
            }
            Self::PluginLoadError { cause, .. } => Some(json!({ "cause": cause })),
            Self::DependencyUnavailable { dependency, .. } => {
                Some(json!({ "dependency": dependency.to_string() }))
            }
            Self::DependencyMissing { dependency, .. } => Some(json!({ "dependency": dependency })),
            Self::ContentHashMismatch {
                path,
                expected,
                found,
                ..
            } => Some(json!({
                "path": path.display().to_string(),
                "expected": expected,
                "found": found,
            })),
            Self::Timeout {
                operation,
                limit,
                setting,
                ..
            } => Some(json!({
                "operation": operation,
                "limit_sec": limit.as_secs_f64(),
                "setting": setting,
            })),
            Self::ResourceMissing {
                missing: reason, ..
            }
            | Self::ResourceCannotCross { reason, .. } => {
                Some(json!({ "resource": reason.resource() }))
            }
            Self::ResourceInvalid { resource, .. } => Some(json!({ "resource": resource })),
            Self::VersionIncompatible {
                required, offered, ..
            } => Some(json!({ "required": required, "offered": offered })),
            Self::ManifestInvalid(error) => {
                Some(json!({ "path": error.path.display().to_string() }))
            }
            _ => None,
        };
        Reason::new(self.code(), self.to_string()).with_details(details)
    }

    /// A section that is no section.
    pub(crate) fn bad_section(section: &str, found: &serde_json::Value) -> Self {
        let found = json_type(found);
        let problem = format!("found {found}, expected an object of settings");
        Self::ConfigInvalid {
            section: section.to_owned(),
            problems: vec![Problem::new(section, problem)],
        }
    }
}

impl From<ConfigInvalid> for PluginRegistryError {
    fn from(invalid: ConfigInvalid) -> Self {
        Self::ConfigInvalid {
            section: invalid.section,
            problems: invalid.problems,
        }
    }
}

impl From<PluginRegistryError> for HookError {
    /// So that a plugin that calls other plugins can use `?`.
    fn from(error: PluginRegistryError) -> Self {
        let error = match error {
            PluginRegistryError::Dispatch(error) => return error.into(),
            other => other,
        };
        let code = error.code().to_owned();
        HookError::new(dagstack_plugin::code::UNAVAILABLE, error.to_string())
            .details(json!({ "cause": code }))
            .with_source(error)
    }
}

fn list(names: &[PluginName]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn edges_text(edges: &[(PluginName, PluginName)]) -> String {
    let edges: Vec<_> = edges
        .iter()
        .map(|(from, to)| format!("`{from}` needs `{to}`"))
        .collect();
    edges.join(", ")
}

fn failures_text(failures: &[ConfigInvalid]) -> String {
    let failures: Vec<_> = failures.iter().map(ToString::to_string).collect();
    failures.join("; ")
}

/// What a source says, behind its name: the path in there is not said again.
fn behind(id: &str, source: &ConfigSourceError) -> String {
    let text = source.to_string();
    let Some(path) = id.strip_prefix("file:") else {
        return text;
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let shorter = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let (indent, words) = line.split_at(indent);
        let rest = words
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix(": "))
            .or_else(|| words.strip_prefix(folder)?.strip_prefix('/'));
        format!("{indent}{}", rest.unwrap_or(words))
    };
    let lines: Vec<_> = text.lines().map(shorter).collect();
    lines.join("\n")
}

fn lines(failed: &[PluginStatus]) -> String {
    let line = |plugin: &PluginStatus| {
        let reason = plugin.state.reason();
        let reason = reason.map_or_else(|| plugin.state.to_string(), ToString::to_string);
        format!(
            "\n  `{}`: {}",
            plugin.full_name(),
            reason.replace('\n', "\n  ")
        )
    };
    failed.iter().map(line).collect()
}

fn count(errors: &[(PluginName, PluginRegistryError)]) -> String {
    match errors.len() {
        1 => "1 plugin".to_owned(),
        many => format!("{many} plugins"),
    }
}

fn join(errors: &[(PluginName, PluginRegistryError)]) -> impl fmt::Display {
    let errors: Vec<_> = errors.iter().map(|(_, error)| error.to_string()).collect();
    errors.join("; ")
}

fn problems_text(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect();
    lines.concat()
}

/// The crate of an entry point, `crate::path::Type`.
fn crate_of(entry_point: &str) -> &str {
    entry_point.split("::").next().unwrap_or(entry_point)
}
