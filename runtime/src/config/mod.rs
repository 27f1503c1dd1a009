//! Where plugins' configs come from, and how plugins hear of changes.
//!
//! The registry reads no files and no environment itself. A host gives it [`ConfigSource`]s; each
//! gives a tree, in which a plugin's section stands under `<kind>.<name>`. Later sources override
//! earlier ones, key by key; lists are replaced as a whole.
//!
//! | source | feature | what it reads | watches |
//! |---|---|---|---|
//! | [`MemoryConfig`] | | what the host has in memory | yes, [`MemoryConfig::set`] |
//! | [`Polled`] | | another source, again and again | yes |
//! | `FileConfig` | `config-files` | TOML, YAML and JSON files, the environment | with `config-watch` |
//!
//! A section is validated against the plugin's own type and schema before its setup; mistakes name
//! the full path (`chunker.fixed.max_size`), what was found and what is expected, and never quote a
//! secret.
//!
//! Paths in a section are the plugin's business. A relative one starts at the folder that the host runs
//! in, wherever the plugin runs: plugins that run as processes start in that folder, too, unless their
//! manifest names another as `working_dir`. A service or an application that somebody else starts rarely
//! knows its folder: write paths absolute there.
//!
//! # Changes
//!
//! A plugin subscribes in its setup, by `ctx.on_section_change(…)`, wherever it runs; a host by
//! [`Registry::on_section_change`](crate::Registry::on_section_change). When a source reports a
//! change, or on [`Registry::reload_config`](crate::Registry::reload_config), all sources are loaded
//! again into a candidate, and every subscribed section of it is validated. If one does not fit,
//! or a source cannot be loaded, the configuration stays as it was, nobody is called, and a
//! warning `reload_rejected` says why. Else the new configuration replaces the old at once, and
//! the subscribers of sections that changed are called with the old and the new one.
//!
//! ```
//! use dagstack_runtime::{MemoryConfig, Registry};
//! use serde_json::{Value, json};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = MemoryConfig::new(json!({ "chunker": { "fixed": { "max_size": 5 } } }));
//! let registry = Registry::builder().config(config.clone()).build()?;
//! let _ = registry.setup_all().await;
//!
//! let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
//! let subscription = registry.on_section_change("chunker.fixed", move |old: &Value, new: &Value| {
//!     tell.send((old["max_size"].clone(), new["max_size"].clone()))
//! });
//! assert!(subscription.active());
//!
//! config.set(json!({ "chunker": { "fixed": { "max_size": 9 } } }));
//! assert_eq!(told.recv().await, Some((json!(5), json!(9))));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "config-files")]
pub mod files;
mod live;
mod memory;
mod polled;
mod reload;
pub(crate) mod section;
mod tree;
mod watch;

use dagstack_plugin::{BoxError, BoxFuture};
use serde_json::Value;

#[cfg(feature = "config-files")]
pub use files::FileConfig;
pub(crate) use live::LiveConfig;
pub use memory::MemoryConfig;
pub use polled::Polled;
pub use reload::ConfigReload;
pub(crate) use tree::ConfigTree;
pub use watch::{Changed, Watch};

/// A source of configuration: a tree in which a plugin's section stands under `<kind>.<name>`.
///
/// With several, a later one overrides an earlier one, key by key.
///
/// ```
/// use dagstack_runtime::config::{ConfigSource, ConfigSourceError};
/// use dagstack_runtime::{BoxFuture, Registry};
/// use serde_json::{Value, json};
///
/// struct Remote;
///
/// impl ConfigSource for Remote {
///     fn id(&self) -> &str {
///         "https://config.example/app"
///     }
///
///     fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
///         Box::pin(async { Ok(json!({ "chunker": { "fixed": { "max_size": 5 } } })) })
///     }
/// }
///
/// let builder = Registry::builder().config(Remote);
/// ```
pub trait ConfigSource: Send + Sync + 'static {
    /// What the source is, as a URI-like text for messages, e.g. `memory:` or `file:/etc/app.yaml`.
    fn id(&self) -> &str;

    /// The whole tree, an object; `null` counts as an empty one.
    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>>;

    /// Calls [`changed`](Changed::notify) whenever the tree may have changed, until the [`Watch`]
    /// is dropped; a call too many does no harm. `None` where the source cannot watch, which is
    /// what the default does.
    ///
    /// It is called at most once for a registry, perhaps outside any async runtime.
    ///
    /// # Errors
    ///
    /// Where the source could watch, but not now. The log says so, and it counts as one that
    /// cannot.
    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        let _ = changed;
        Ok(None)
    }
}

/// Why a [`ConfigSource`] could not load or watch.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigSourceError(#[source] BoxError);

impl ConfigSourceError {
    /// An error from any error or text. It is shown to operators: leave secrets out.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}
