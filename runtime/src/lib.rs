//! Host [dagstack] plugins: linked into the program or run as MCP subprocesses, behind one
//! [`Registry`].
//!
//! [dagstack]: https://github.com/dagstack

pub mod adapter;
mod builder;
pub mod config;
mod descriptor;
mod discovery;
mod error;
mod graph;
mod isolated;
mod lifecycle;
mod link;
mod registry;
mod status;
mod suggest;

pub use adapter::Adapter;
pub use adapter::mcp_stdio::StdioCommand;
pub use builder::RegistryBuilder;
pub use config::{ConfigSource, ConfigSourceError, MemoryConfig};
pub use error::PluginRegistryError;
pub use registry::{PluginHandle, Registry};
pub use status::{PluginName, PluginStatus, Reason, SetupReport, State};

pub use dagstack_plugin::manifest::{ManifestError, Runtime};
pub use dagstack_plugin::{
    BoxFuture, CORE_VERSION, CancelToken, Health, HookContext, HookError, Manifest, Metadata,
    Problem, code,
};
