//! [`Descriptor`]: what the registry knows of a plugin before it runs, from whatever source.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::{Declaration, Registration};

use crate::adapter::mcp_stdio::StdioCommand;
use crate::status::PluginName;

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
    pub(crate) startup_timeout: Duration,
    pub(crate) teardown_timeout: Duration,
    /// For messages: `linked as echo::Echo`, or a path.
    pub(crate) origin: String,
    /// The manifest's folder or file, where there is one.
    pub(crate) path: Option<PathBuf>,
    pub(crate) source: Source,
}

/// A plugin that must be ready first.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) kind: Option<String>,
    pub(crate) name: String,
}

impl std::fmt::Display for Dependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{kind}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
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
        runtime: &'static str,
        error: Arc<crate::PluginRegistryError>,
    },
}

pub(crate) const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const TEARDOWN_TIMEOUT: Duration = Duration::from_secs(15);

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
            startup_timeout: seconds(declaration.startup_timeout_sec, STARTUP_TIMEOUT),
            teardown_timeout: seconds(declaration.teardown_timeout_sec, TEARDOWN_TIMEOUT),
            origin: format!("linked as {}", declaration.type_path),
            path: None,
            source: Source::InProcess(registration),
        }
    }

    /// Of an executable of which nothing but its command is known yet.
    pub(crate) fn executable(name: PluginName, command: StdioCommand) -> Self {
        Self {
            name,
            version: None,
            core_version: None,
            priority: 0,
            depends_on: Vec::new(),
            capabilities: Vec::new(),
            startup_timeout: STARTUP_TIMEOUT,
            teardown_timeout: TEARDOWN_TIMEOUT,
            origin: format!("command {command}"),
            path: None,
            source: Source::McpStdio(Arc::new(command)),
        }
    }

    /// The runtime's name in manifests.
    pub(crate) fn runtime(&self) -> &'static str {
        match &self.source {
            Source::InProcess(_) => "in_process",
            Source::McpStdio(_) => "mcp_stdio",
            Source::Never { runtime, .. } => runtime,
        }
    }

    /// In-process plugins start first, then subprocesses.
    pub(crate) fn rank(&self) -> u8 {
        match self.runtime() {
            "in_process" => 0,
            "mcp_stdio" => 1,
            _ => 2,
        }
    }
}

pub(crate) fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

pub(crate) fn seconds(given: Option<u32>, default: Duration) -> Duration {
    given.map_or(default, |seconds| Duration::from_secs(u64::from(seconds)))
}
