//! [`Descriptor`]: what the registry knows of a plugin before it runs, from whatever source.

use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::manifest::{Dependency, Runtime};
use dagstack_plugin::{Declaration, Manifest, Registration};
use serde_json::Value;

use crate::adapter::mcp_stdio::StdioCommand;
use dagstack_plugin::PluginName;

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
    pub(crate) manifest: Option<Arc<Manifest>>,
    pub(crate) source: Source,
    /// The executable that runs the `process_cpu_bound` hooks of a linked plugin.
    pub(crate) worker: Option<Arc<StdioCommand>>,
    /// Whether its maintainer is trusted, where the host names trusted publishers.
    pub(crate) trusted: Option<bool>,
}

/// How a plugin is brought up.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From the program itself.
    InProcess(&'static Registration),
    /// As a child process that speaks MCP.
    McpStdio(Arc<StdioCommand>),
    /// Not at all; `runtime` is what it asked for.
    Never {
        runtime: Runtime,
        error: Arc<crate::PluginRegistryError>,
    },
}

const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);
const TEARDOWN_TIMEOUT: Duration = Duration::from_secs(15);

impl Descriptor {
    /// Of a plugin linked into this program.
    pub(crate) fn linked(registration: &'static Registration) -> Self {
        let declaration: &'static Declaration = registration.declaration();
        Self {
            name: PluginName::new(declaration.kind, declaration.name),
            version: declaration.version.map(str::to_owned),
            core_version: Some(declaration.core_version.to_owned()),
            priority: declaration.priority,
            depends_on: declaration
                .depends_on
                .iter()
                .map(|needed| Dependency {
                    kind: needed.kind.map(str::to_owned),
                    name: needed.name.to_owned(),
                })
                .collect(),
            capabilities: owned(declaration.capabilities),
            resources: owned(declaration.resources_required),
            startup_timeout: seconds(declaration.startup_timeout_sec, STARTUP_TIMEOUT),
            teardown_timeout: seconds(declaration.teardown_timeout_sec, TEARDOWN_TIMEOUT),
            origin: format!("linked as {}", declaration.type_path),
            manifest: None,
            source: Source::InProcess(registration),
            worker: None,
            trusted: None,
        }
    }

    /// Of an executable of which nothing but its command is known yet.
    pub(crate) fn executable(name: PluginName, command: StdioCommand) -> Self {
        Self::unknown(name, Source::McpStdio(Arc::new(command)))
    }

    /// Of a plugin of which nothing but its source is known yet.
    pub(crate) fn unknown(name: PluginName, source: Source) -> Self {
        Self {
            origin: match &source {
                Source::McpStdio(command) => format!("command {command}"),
                _ => name.to_string(),
            },
            name,
            version: None,
            core_version: None,
            priority: 0,
            depends_on: Vec::new(),
            capabilities: Vec::new(),
            resources: Vec::new(),
            startup_timeout: STARTUP_TIMEOUT,
            teardown_timeout: TEARDOWN_TIMEOUT,
            manifest: None,
            source,
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
        self.startup_timeout = Duration::from_secs(u64::from(manifest.startup_timeout_sec));
        self.teardown_timeout = Duration::from_secs(u64::from(manifest.teardown_timeout_sec));
        self.origin = origin;
        self.manifest = Some(manifest);
        self
    }

    /// Who looks after the plugin.
    pub(crate) fn maintainer(&self) -> Option<&str> {
        match (&self.manifest, &self.source) {
            (Some(manifest), _) => manifest.maintainer.as_deref(),
            (None, Source::InProcess(registration)) => registration.declaration().maintainer,
            (None, _) => None,
        }
    }

    /// The sha256 its program must have, as the manifest says in `[plugin.metadata.dagstack]`.
    pub(crate) fn expected_sha256(&self) -> Option<&Value> {
        let manifest = self.manifest.as_ref()?;
        manifest.metadata.get("dagstack")?.get("sha256")
    }

    /// The manifest that was found, else that of the linked plugin.
    pub(crate) fn manifest(&self) -> Option<Arc<Manifest>> {
        let linked = match &self.source {
            Source::InProcess(registration) => Some(registration.declaration()),
            _ => None,
        };
        let of_linked = || Some(Arc::new(linked?.manifest(Runtime::InProcess)));
        self.manifest.clone().or_else(of_linked)
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

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

fn seconds(given: Option<u32>, default: Duration) -> Duration {
    given.map_or(default, |seconds| Duration::from_secs(u64::from(seconds)))
}
