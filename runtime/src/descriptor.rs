//! [`Descriptor`]: what the registry knows of a plugin before it runs, from whatever source.

use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::manifest::{Dependency, Runtime};
use dagstack_plugin::{Declaration, Manifest, PluginName, PluginScope, Registration};

use crate::mcp_stdio::program::Program;
use crate::shared::Shared;

/// What the registry knows of a plugin before it runs.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(crate) name: PluginName,
    pub(crate) version: Option<String>,
    /// `None` where the executable itself says so when it runs.
    pub(crate) core_version: Option<String>,
    pub(crate) priority: u32,
    pub(crate) depends_on: Vec<Dependency>,
    pub(crate) capabilities: Vec<String>,
    /// The resources without which the plugin does not start.
    pub(crate) resources: Vec<String>,
    pub(crate) startup_timeout: Duration,
    pub(crate) teardown_timeout: Duration,
    /// For messages: `linked as echo::Echo`, or a path.
    pub(crate) origin: String,
    /// What was found, else what the linked plugin declares; `None` for an executable that nobody
    /// described.
    pub(crate) manifest: Option<Arc<Manifest>>,
    pub(crate) source: Source,
    /// What it shares with the other plugins.
    pub(crate) shared: Shared,
    /// The executable that runs the `process_cpu_bound` hooks of a linked plugin.
    pub(crate) worker: Option<Arc<Program>>,
    /// Whether its maintainer is trusted, where the host names trusted publishers.
    pub(crate) trusted: Option<bool>,
}

/// How a plugin is brought up.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From the program itself.
    InProcess(&'static Registration),
    /// As a child process that speaks MCP.
    McpStdio(Arc<Program>),
    /// Not at all; `runtime` is what it asked for.
    Never {
        runtime: Runtime,
        error: Arc<crate::PluginRegistryError>,
    },
}

impl Descriptor {
    /// Of a plugin linked into this program.
    pub(crate) fn linked(registration: &'static Registration) -> Self {
        let declaration: &'static Declaration = registration.declaration();
        let name = PluginName::new(declaration.kind, declaration.name);
        let manifest = Manifest::of(declaration, Runtime::InProcess);
        Self::unknown(name, Source::InProcess(registration)).with_manifest(
            Arc::new(manifest),
            format!("linked as {}", declaration.type_path),
        )
    }

    /// Of a plugin of which nothing but its source is known yet.
    pub(crate) fn unknown(name: PluginName, source: Source) -> Self {
        let defaults = Manifest::new(name.kind(), name.name());
        Self {
            origin: match &source {
                Source::McpStdio(program) => format!("command {program}"),
                _ => name.to_string(),
            },
            name,
            version: None,
            core_version: None,
            priority: defaults.priority,
            depends_on: defaults.depends_on,
            capabilities: defaults.capabilities,
            resources: defaults.resources.required,
            startup_timeout: seconds(defaults.startup_timeout_sec),
            teardown_timeout: seconds(defaults.teardown_timeout_sec),
            manifest: None,
            source,
            shared: Shared::default(),
            worker: None,
            trusted: None,
        }
    }

    /// Lays what a manifest says over what is known already; the manifest is what operators edit.
    pub(crate) fn with_manifest(mut self, manifest: Arc<Manifest>, origin: String) -> Self {
        self.version = manifest.version.clone().or(self.version);
        self.core_version = Some(manifest.core_version.clone());
        self.priority = manifest.priority;
        self.depends_on = manifest.depends_on.clone();
        self.capabilities = manifest.capabilities.clone();
        self.resources = manifest.resources.required.clone();
        self.startup_timeout = seconds(manifest.startup_timeout_sec);
        self.teardown_timeout = seconds(manifest.teardown_timeout_sec);
        self.origin = origin;
        self.manifest = Some(manifest);
        self
    }

    /// What all calls of the plugin share.
    pub(crate) fn scope(&self) -> Arc<PluginScope> {
        Arc::new(
            PluginScope::new(self.name.clone())
                .with_version(self.version.clone())
                .with_tenancy(self.shared.tenancy.clone())
                .with_event_bus(self.shared.event_bus.clone()),
        )
    }

    /// Who looks after the plugin.
    pub(crate) fn maintainer(&self) -> Option<&str> {
        self.manifest.as_ref()?.maintainer.as_deref()
    }

    /// `sha256:…` of the program it runs as, or its workers do, once that is known.
    pub(crate) fn content_hash(&self) -> Option<String> {
        match &self.source {
            Source::McpStdio(program) => program.content_hash(),
            _ => self.worker.as_ref()?.content_hash(),
        }
    }

    /// Where the plugin runs.
    pub(crate) fn runtime(&self) -> Runtime {
        match &self.source {
            Source::InProcess(_) => Runtime::InProcess,
            Source::McpStdio(_) => Runtime::McpStdio,
            Source::Never { runtime, .. } => *runtime,
        }
    }

    /// In-process plugins start first, then subprocesses, then services.
    pub(crate) fn rank(&self) -> u8 {
        match self.runtime() {
            Runtime::InProcess => 0,
            Runtime::McpStdio => 1,
            _ => 2,
        }
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}
