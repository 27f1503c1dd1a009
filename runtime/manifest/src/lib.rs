//! What hosts and people read of plugins and kinds: manifests (`dagstack.toml`), ranges of versions, and
//! the documents of a kind's hookspec.

#[cfg(feature = "read")]
mod address;
mod declared;
mod emit;
#[cfg(feature = "read")]
mod fields;
#[cfg(feature = "read")]
mod hookspec;
#[cfg(feature = "read")]
mod node;
#[cfg(feature = "read")]
mod outside;
#[cfg(feature = "read")]
mod parse;
#[cfg(feature = "read")]
mod problem;
#[cfg(feature = "read")]
mod range;
#[cfg(test)]
#[cfg(feature = "read")]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub use dagstack_plugin_core::execution::{ExecutionModel, IdempotencyMode, Runtime};
pub use emit::Target;
#[cfg(feature = "read")]
pub use hookspec::{Hookspec, HookspecError};
#[cfg(feature = "read")]
pub use problem::{ManifestError, ManifestProblem};
#[cfg(feature = "read")]
pub use range::{VersionRange, VersionRangeError};

/// The names of a manifest's file, the first before the second.
pub const FILE_NAMES: [&str; 2] = ["dagstack.toml", "dagstack.json"];

/// The schema version of the manifests written here.
pub const SCHEMA_VERSION: &str = "1";

/// The range of core versions a manifest states unless told otherwise.
pub const DEFAULT_CORE_VERSION: &str = ">=0.1.0";

/// What a plugin says about itself.
///
/// Fields are named as in the manifest file, but for [`runtimes`](Self::runtimes) (one or several)
/// and the addresses, which are gathered in [`mcp_stdio`](Self::mcp_stdio) and
/// [`mcp_http`](Self::mcp_http) wherever the file has them.
///
/// ```
/// use dagstack_plugin::manifest::{Manifest, Runtime};
///
/// let mut manifest = Manifest::new("chunker", "fixed");
/// manifest.entry_point = Some("fixed_chunker::FixedChunker".into());
/// manifest.priority = 50;
/// assert_eq!(manifest.key(), ("chunker", "fixed"));
/// assert_eq!(manifest.runtimes, [Runtime::InProcess]);
/// assert!(manifest.to_toml().starts_with("[plugin]\nschema_version = \"1\"\n"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// Unique with the kind; lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// The contract the plugin implements, e.g. `chunker`.
    pub kind: String,
    /// Which version of the kind: a major (`1`) or a full version (`1.0.0`). Default `1`.
    pub kind_api_version: String,
    /// The range of core versions the plugin works with. Default `>=0.1.0`.
    pub core_version: String,
    /// How the plugin can be run, in order of preference. Default: in process.
    pub runtimes: Vec<Runtime>,
    /// Where the plugin is, in process: `crate::path::Type` for Rust.
    pub entry_point: Option<String>,
    /// How to start the plugin as a subprocess.
    pub mcp_stdio: Option<McpStdio>,
    /// How to reach the plugin as a service.
    pub mcp_http: Option<McpHttp>,
    /// Where or how to ask for the plugin's health; not interpreted.
    pub health_check: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// Who maintains the plugin; matched against a host's trusted publishers.
    pub maintainer: Option<String>,
    /// A URL.
    pub homepage: Option<String>,
    /// The plugin's own version.
    pub version: Option<String>,
    /// What the plugin does.
    pub description: Option<String>,
    /// Who wrote the plugin.
    pub authors: Vec<String>,
    /// Security and routing labels.
    pub capabilities: Vec<String>,
    /// Higher goes first. 0 to 100 for ordinary plugins, from 1000 for middleware.
    pub priority: u32,
    /// The plugins that must be ready before this one.
    pub depends_on: Vec<Dependency>,
    /// Goes before all others, whatever their priority.
    pub tryfirst: bool,
    /// Goes after all others, whatever their priority.
    pub trylast: bool,
    /// How long the setup may take, in seconds. Default 30.
    pub startup_timeout_sec: u32,
    /// How long the teardown may take, in seconds. Default 15.
    pub teardown_timeout_sec: u32,
    /// Languages the plugin handles (capability dispatch).
    pub supports_languages: Vec<String>,
    /// File extensions the plugin handles (capability dispatch).
    pub supports_extensions: Vec<String>,
    /// MIME types the plugin handles (capability dispatch).
    pub supports_mime_types: Vec<String>,
    /// Takes what no other plugin of the kind handles; at most one of a kind.
    pub fallback: bool,
    /// How the plugin's hooks run.
    pub execution_model: ExecutionModel,
    /// The plugin cannot run as a subprocess or service.
    pub in_process_only: bool,
    /// The resources the plugin is given.
    pub resources: Resources,
    /// The plugin's work as a unit an orchestrator can plan.
    pub unit_of_work: UnitOfWork,
    /// Free keys, not interpreted.
    pub metadata: Map<String, Value>,
    /// For middleware: what it wraps.
    pub chain_wrap: Option<ChainWrap>,
    /// What the file could say better, one sentence each; not part of the manifest itself, so
    /// never written.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// A manifest with the default for everything but `kind` and `name`.
    ///
    /// ```
    /// let manifest = dagstack_plugin::manifest::Manifest::new("tool", "echo");
    /// assert_eq!(manifest.core_version, ">=0.1.0");
    /// ```
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            kind_api_version: "1".to_owned(),
            core_version: DEFAULT_CORE_VERSION.to_owned(),
            runtimes: vec![Runtime::InProcess],
            entry_point: None,
            mcp_stdio: None,
            mcp_http: None,
            health_check: None,
            license: None,
            maintainer: None,
            homepage: None,
            version: None,
            description: None,
            authors: Vec::new(),
            capabilities: Vec::new(),
            priority: 0,
            depends_on: Vec::new(),
            tryfirst: false,
            trylast: false,
            startup_timeout_sec: 30,
            teardown_timeout_sec: 15,
            supports_languages: Vec::new(),
            supports_extensions: Vec::new(),
            supports_mime_types: Vec::new(),
            fallback: false,
            execution_model: ExecutionModel::Sync,
            in_process_only: false,
            resources: Resources::default(),
            unit_of_work: UnitOfWork::default(),
            metadata: Map::new(),
            chain_wrap: None,
            warnings: Vec::new(),
        }
    }

    /// What identifies the plugin: its kind and its name.
    pub fn key(&self) -> (&str, &str) {
        (&self.kind, &self.name)
    }
}

/// A plugin another one depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// Its kind; without one the name must be unique over all kinds.
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{kind}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The names of the resources a plugin is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Without one of these the plugin is unavailable.
    pub required: Vec<String>,
    /// Missing ones are simply not there.
    pub optional: Vec<String>,
}

/// A plugin's work as a unit that can be planned, resumed and skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitOfWork {
    /// Whether the plugin's calls are units of work at all.
    pub declared: bool,
    /// The argument by which units are partitioned.
    pub partition_key: Option<String>,
    /// How long one unit takes, about, in seconds; more than 0.
    pub estimated_duration_sec: Option<u32>,
    /// When a unit need not run again.
    pub idempotency_mode: IdempotencyMode,
    /// Whether a unit can resume from a checkpoint.
    pub checkpointable: bool,
    /// The arguments that identify a unit's content.
    pub content_hash: Vec<String>,
}

impl Default for UnitOfWork {
    fn default() -> Self {
        Self {
            declared: false,
            partition_key: None,
            estimated_duration_sec: None,
            idempotency_mode: IdempotencyMode::None,
            checkpointable: false,
            content_hash: Vec::new(),
        }
    }
}

/// How to start a plugin as a subprocess.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct McpStdio {
    /// The program and its arguments; words that begin with `./` or `../` are paths that start at the
    /// manifest's folder, and so is any program with a `/` in it.
    pub command: Vec<String>,
    /// The folder to run in, relative to the manifest's; absent: the host's.
    pub working_dir: Option<String>,
    /// The environment. The published Python core puts it in place of its own, so it should be
    /// empty or complete.
    pub env: BTreeMap<String, String>,
}

/// How to reach a plugin as a service.
#[derive(Clone, PartialEq)]
pub struct McpHttp {
    /// `http://…` or `https://…`.
    pub url: String,
    /// How to authenticate; interpreted by the host.
    pub auth: Map<String, Value>,
    /// The header that carries the secret.
    pub auth_header: Option<String>,
    /// The host's environment variable that holds the secret.
    pub auth_secret_env: Option<String>,
    /// How long a call may take, in seconds. Default 60.
    pub timeout_sec: u32,
    /// A file of certificates to trust.
    pub tls_ca_bundle: Option<String>,
    /// Whether the service's certificate is checked. Default true.
    pub tls_verify: bool,
}

// The environment and the ways to authenticate hold secrets, whatever their names.

impl fmt::Debug for McpStdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpStdio")
            .field("command", &self.command)
            .field("working_dir", &self.working_dir)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Debug for McpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpHttp")
            .field("url", &self.url)
            .field("auth", &self.auth.keys().collect::<Vec<_>>())
            .field("auth_header", &self.auth_header)
            .field("auth_secret_env", &self.auth_secret_env)
            .field("timeout_sec", &self.timeout_sec)
            .field("tls_ca_bundle", &self.tls_ca_bundle)
            .field("tls_verify", &self.tls_verify)
            .finish()
    }
}

impl Default for McpHttp {
    fn default() -> Self {
        Self {
            url: String::new(),
            auth: Map::new(),
            auth_header: None,
            auth_secret_env: None,
            timeout_sec: 60,
            tls_ca_bundle: None,
            tls_verify: true,
        }
    }
}

/// What a middleware plugin wraps; `*` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainWrap {
    /// Names of kinds.
    pub kinds: Vec<String>,
    /// Names of hooks.
    pub hooks: Vec<String>,
}
