//! Host [dagstack] plugins: linked into the program or run as MCP subprocesses, behind one
//! [`Registry`].
//!
//! ```
//! use dagstack_runtime::{HookContext, MemoryConfig, Registry};
//! use serde_json::json;
//!
//! // Names the plugin packages this program depends on, so that Rust links them:
//! // dagstack_runtime::link!(fixed_chunker, echo);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let plugins = folder.path();
//! let registry = Registry::builder()
//!     .linked() // every plugin linked into this program
//!     .discover(plugins) // folders with a dagstack.toml; any runtime
//!     .config(MemoryConfig::new(json!({ "chunker": { "fixed": { "max_size": 2000 } } })))
//!     .build()?; // duplicates and circles are errors
//!
//! let report = registry.setup_all().await; // never fails: states and reasons
//! println!("{report}");
//!
//! match registry.plugin("chunker", "fixed") {
//!     Ok(chunker) => {
//!         let ctx = HookContext::default();
//!         let pieces = chunker.call("chunk", &ctx, json!({ "text": "…" })).await?;
//!         println!("{pieces}, in {}", chunker.runtime());
//!     }
//!     Err(error) => assert_eq!(error.code(), "plugin_not_found"),
//! }
//! registry.teardown_all().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A plugin that fails, wherever it runs, is a state with a reason ([`State`]) and never the end of
//! the host. Child processes end with the host and are always reaped.
//!
//! Logs go to [`tracing`]; what a child writes to its standard error is under the target
//! `dagstack.plugin.stderr`. At the level `trace`, the MCP SDK (`rmcp`) logs the messages it carries,
//! the arguments and results of calls among them; configs never pass through it.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `mcp-stdio` (default) | plugins and workers in processes: manifests with `mcp_stdio`, `StdioCommand`, and the builder's `executable`, `worker`, `worker_processes` and `resource_timeout` |
//! | `config-files`, `config-watch` | [config files](config), loaded again when they change |
//! | `blob-store`, `blob-store-s3`, `http-client`, `http-client-rustls`, `tenant-registry` | [resources] |
//!
//! A host that only links plugins says `default-features = false`: then neither `rmcp` nor what is about
//! processes is compiled. A plugin that needs a process is `unavailable` there, and says why.
//!
//! [dagstack]: https://github.com/dagstack

mod assembly;
mod background;
mod builder;
pub mod config;
mod descriptor;
mod discovery;
pub mod dispatch;
mod entry;
mod error;
mod executor;
mod graph;
mod handle;
mod host;
mod in_process;
mod kinds;
mod lifecycle;
mod link;
mod live;
#[cfg_attr(not(feature = "mcp-stdio"), path = "mcp_stdio/absent.rs")]
mod mcp_stdio;
pub mod middleware;
mod peers;
mod process_bound;
mod registry;
pub mod resources;
mod run;
mod shared;
mod status;
mod supply_chain;

pub use builder::RegistryBuilder;
pub use config::{ConfigReload, ConfigSource, ConfigSourceError, MemoryConfig};
pub use dagstack_engine::{Adapter, Announced, Reason, RemoteAdapter, TeardownFailure};
pub use dispatch::Dispatcher;
pub use error::PluginRegistryError;
pub use handle::PluginHandle;
pub use lifecycle::{PluginRef, RestartPolicy, SetupReport};
pub use registry::Registry;
pub use status::{LastHealth, PluginStatus, State};

#[cfg(feature = "config-files")]
pub use config::FileConfig;
#[cfg(feature = "mcp-stdio")]
pub use dagstack_client::StdioCommand;

pub use dagstack_plugin::config::ConfigSubscription;
pub use dagstack_plugin::manifest::{ManifestError, Runtime};
pub use dagstack_plugin::{
    BoxFuture, CORE_VERSION, CancelToken, DispatchError, Health, HookContext, HookError, Kind,
    Manifest, Metadata, PluginName, Problem, async_trait, canonical_json, code,
};
