//! What a plugin is given: [`PluginContext`] at setup, [`HookContext`] at every call.

mod hook;
pub(crate) mod metadata;
mod scope;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::config::{
    CallbackOutcome, Config, ConfigFeed, ConfigSubscription, NoConfig, NoFeed, SectionReader,
};
use crate::declaration::Declaration;
use crate::event_bus::EventBus;
use crate::logging::Logger;
use crate::peers::Peers;
use crate::resources::{ResourceSet, Resources};
use crate::tenancy::TenantContext;

pub use hook::HookContext;
pub use metadata::{Metadata, MetadataError};
pub use scope::PluginScope;

/// What `#[setup]` is given: the validated config and who the plugin is.
///
/// `C` is the plugin's config type, any `#[data]` struct; without one, [`NoConfig`].
pub struct PluginContext<C = NoConfig> {
    config: C,
    declaration: &'static Declaration,
    metadata: Metadata,
    registry: Peers,
    scope: Arc<PluginScope>,
    feed: Option<Arc<dyn ConfigFeed>>,
    reader: Option<&'static dyn SectionReader>,
    resources: Resources,
}

/// Without the config: its secrets would show, as far as they are plain fields of the author's.
impl<C> fmt::Debug for PluginContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginContext")
            .field("plugin", &self.declaration.key())
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl<C> PluginContext<C> {
    /// The plugin's config section, validated.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// The plugin's kind.
    pub fn kind(&self) -> &'static str {
        self.declaration.kind
    }

    /// The plugin's name.
    pub fn name(&self) -> &'static str {
        self.declaration.name
    }

    /// The plugin's version, if its package has one.
    pub fn version(&self) -> Option<&'static str> {
        self.declaration.version
    }

    /// The metadata the host gave with the setup.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// A logger whose records say which plugin they come from, to be used here or kept. The calls have
    /// loggers of their own, which say more: [`HookContext::logger`].
    pub fn logger(&self) -> Logger {
        Logger::new(Some(Arc::clone(&self.scope)), self.metadata.clone())
    }

    /// The tenant the plugin is set up for, if its host has one for each.
    pub fn tenant(&self) -> Arc<dyn TenantContext> {
        PluginScope::tenant(Some(&self.scope), &self.metadata)
    }

    /// The bus that the plugins of this process share.
    pub fn event_bus(&self) -> &EventBus {
        self.scope.event_bus()
    }

    /// The plugins this one declares in `depends_on`, to be kept and called.
    pub fn registry(&self) -> &Peers {
        &self.registry
    }

    /// The resources this plugin declares in `resources(…)`, to be taken and kept.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }
}

impl<C: Config> PluginContext<C> {
    /// Calls `callback` with the old and the new config whenever the plugin's section of the
    /// configuration has changed.
    ///
    /// Both are validated. A change that any subscriber's config type refuses is refused as a whole:
    /// the old config stays, nobody is called, the log says why. There is no call with the
    /// current config. Callbacks run one after the other on a thread of their own; one that
    /// blocks holds up the others, one that fails or panics is logged.
    ///
    /// Subscribing never fails: where nobody would notice a change, the subscription says so
    /// ([`ConfigSubscription::inactive_reason`]). It ends with this instance of the plugin.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use dagstack_plugin::prelude::*;
    ///
    /// #[data]
    /// struct Config {
    ///     max_size: usize,
    /// }
    ///
    /// struct Chunker {
    ///     max_size: Arc<AtomicUsize>,
    /// }
    ///
    /// /// Splits text.
    /// #[plugin(kind = "chunker", name = "live")]
    /// impl Chunker {
    ///     #[setup]
    ///     fn setup(ctx: &PluginContext<Config>) -> Self {
    ///         let max_size = Arc::new(AtomicUsize::new(ctx.config().max_size));
    ///         let shared = Arc::clone(&max_size);
    ///         ctx.on_section_change(move |_old: &Config, new: &Config| {
    ///             shared.store(new.max_size, Ordering::Relaxed);
    ///         });
    ///         Self { max_size }
    ///     }
    ///
    ///     /// How long a piece may be.
    ///     #[hook]
    ///     fn limit(&self) -> usize {
    ///         self.max_size.load(Ordering::Relaxed)
    ///     }
    /// }
    /// ```
    pub fn on_section_change<R: CallbackOutcome>(
        &self,
        callback: impl FnMut(&C, &C) -> R + Send + 'static,
    ) -> ConfigSubscription {
        let (declaration, reader) = (self.declaration, self.reader);
        let Some(feed) = &self.feed else {
            return ConfigSubscription::new(Arc::new(NoFeed(declaration.key())));
        };
        let decode =
            move |section: &Value| crate::config::decode::<C>(declaration, section.clone(), reader);
        let read = crate::config::read_change(decode, decode, callback);
        feed.subscribe(declaration, read)
    }
}

/// A [`PluginContext`] whose config is not decoded yet: what a host hands to
/// [`Plugin::setup`](crate::Plugin::setup).
pub struct SetupContext {
    config: Value,
    metadata: Metadata,
    registry: Peers,
    scope: Option<Arc<PluginScope>>,
    feed: Option<Arc<dyn ConfigFeed>>,
    resources: ResourceSet,
    /// The setup ends once the config is decoded.
    only_decodes: bool,
    reader: Option<&'static dyn SectionReader>,
}

impl SetupContext {
    /// For a plugin whose section of the configuration is `config`; `null` means an empty section.
    pub fn new(config: Value) -> Self {
        Self {
            config,
            metadata: Metadata::default(),
            registry: Peers::none(),
            scope: None,
            feed: None,
            resources: ResourceSet::new(),
            only_decodes: false,
            reader: None,
        }
    }

    /// Ends the setup once the config is decoded: by an error without problems if it fits.
    #[doc(hidden)]
    #[must_use]
    pub fn that_only_decodes(mut self) -> Self {
        self.only_decodes = true;
        self
    }

    /// Sets what reads the config by its schema; without it, serde alone does.
    #[doc(hidden)]
    #[must_use]
    pub fn read_by(mut self, reader: &'static dyn SectionReader) -> Self {
        self.reader = Some(reader);
        self
    }

    /// Sets what tells of changes of the config; without it, nobody does.
    #[must_use]
    pub fn with_config_feed(mut self, feed: impl ConfigFeed) -> Self {
        self.feed = Some(Arc::new(feed));
        self
    }

    /// Whether anybody does.
    #[doc(hidden)]
    pub fn has_config_feed(&self) -> bool {
        self.feed.is_some()
    }

    /// Sets what [`PluginContext::resources`] gives.
    #[must_use]
    pub fn with_resources(mut self, resources: ResourceSet) -> Self {
        self.resources = resources;
        self
    }

    /// That every resource is there that the plugin requires.
    ///
    /// # Errors
    ///
    /// The first that is missing.
    #[doc(hidden)]
    pub fn check_resources(
        &self,
        declaration: &Declaration,
    ) -> Result<(), crate::resources::ResourceError> {
        self.resources.check(declaration)
    }

    /// Sets what [`PluginContext::registry`] gives.
    #[must_use]
    pub fn with_registry(mut self, registry: Peers) -> Self {
        self.registry = registry;
        self
    }

    /// Sets what the plugin shares with its calls.
    #[must_use]
    pub fn with_scope(mut self, scope: Arc<PluginScope>) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Replaces the metadata. A malformed trace context among them is dropped, with a warning.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata.with_clean_trace();
        self
    }

    /// The config section as the host gave it.
    #[doc(hidden)]
    pub fn section(&self) -> &Value {
        &self.config
    }

    /// Decodes the config for the plugin `declaration` describes.
    ///
    /// # Errors
    ///
    /// When the config does not fit `C` or its schema; the error lists every mistake by its full path.
    pub fn decode<C: crate::config::Config>(
        self,
        declaration: &'static Declaration,
    ) -> Result<PluginContext<C>, crate::error::ConfigInvalid> {
        let config = crate::config::decode::<C>(declaration, self.config, self.reader)?;
        if self.only_decodes {
            let nothing = Vec::new();
            return Err(crate::ConfigInvalid::new(declaration.key(), nothing));
        }
        Ok(PluginContext {
            config,
            declaration,
            metadata: self.metadata,
            registry: self.registry,
            scope: self
                .scope
                .unwrap_or_else(|| Arc::new(PluginScope::of(declaration))),
            feed: self.feed,
            reader: self.reader,
            resources: Resources::new(self.resources, declaration),
        })
    }
}

/// Of the config only the keys: which values are secrets, the plugin's schema says.
impl fmt::Debug for SetupContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Option<Vec<_>> = self.config.as_object().map(|map| map.keys().collect());
        f.debug_struct("SetupContext")
            .field("config", &keys.unwrap_or_default())
            .field("metadata", &self.metadata)
            .finish()
    }
}
