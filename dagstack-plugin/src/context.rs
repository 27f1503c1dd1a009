//! What a plugin is given: [`PluginContext`] at setup, [`HookContext`] at every call.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::cancel::CancelToken;
use crate::config::NoConfig;
use crate::declaration::Declaration;
use crate::name::PluginName;
use crate::peers::Peers;
use crate::resources::{ResourceSet, Resources};

/// The horizontal concerns that travel with a call: an immutable map from text to JSON.
///
/// The core never interprets it and never requires a key, but carries it unchanged through all
/// runtimes (plugin specification, §4). Reserved keys: `tenant_id`, `actor`, `quota_budget`,
/// `trace_context`, `request_id`.
#[derive(Clone, Default)]
pub struct Metadata(Option<Arc<Map<String, Value>>>);

impl Metadata {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_deref()?.get(key)
    }

    /// The same map with one entry added or replaced. The original stays as it was.
    #[must_use]
    pub fn with(&self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut map = self.0.as_deref().cloned().unwrap_or_default();
        map.insert(key.into(), value.into());
        Self(Some(Arc::new(map)))
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.as_deref().is_none_or(Map::is_empty)
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.as_deref().into_iter().flatten()
    }
}

impl From<Map<String, Value>> for Metadata {
    fn from(map: Map<String, Value>) -> Self {
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }
}

impl From<&Metadata> for Map<String, Value> {
    fn from(metadata: &Metadata) -> Self {
        metadata.0.as_deref().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| {
                let shown = if crate::secrets::is_secret_name(key) {
                    Value::from(crate::secrets::MASKED)
                } else {
                    crate::secrets::mask(value)
                };
                (key, shown)
            }))
            .finish()
    }
}

/// What a hook may know about its call. A hook asks for it by a parameter `ctx: &HookContext`.
///
/// ```
/// use dagstack_plugin::{HookContext, Metadata};
///
/// let ctx = HookContext::default().with_metadata(Metadata::new().with("tenant_id", "acme"));
/// assert_eq!(ctx.metadata().get("tenant_id").unwrap(), "acme");
/// assert!(!ctx.cancellation().is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct HookContext {
    metadata: Metadata,
    deadline: Option<Instant>,
    cancellation: CancelToken,
    plugin: Option<PluginName>,
}

impl HookContext {
    /// A context without metadata or deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// The metadata of the call.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// When the caller stops waiting, if it said so.
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time left until the deadline; zero once it has passed.
    #[inline]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Tells when the caller has given the call up.
    #[inline]
    pub fn cancellation(&self) -> &CancelToken {
        &self.cancellation
    }

    /// The plugin that is called, as a hook of a kind sees it.
    pub fn plugin(&self) -> Option<&PluginName> {
        self.plugin.as_ref()
    }

    /// Says which plugin is called. Hosts do.
    #[must_use]
    pub fn with_plugin(mut self, plugin: PluginName) -> Self {
        self.plugin = Some(plugin);
        self
    }

    /// Replaces the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets the deadline. It acts where a hook awaits; a `sync` hook that runs cannot be interrupted.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets the deadline from now on. A time too long to count is no deadline.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// Uses the caller's own token.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: CancelToken) -> Self {
        self.cancellation = cancellation;
        self
    }
}

/// What `#[setup]` is given: the validated config and who the plugin is.
///
/// `C` is the plugin's config type, any `#[data]` struct; without one, [`NoConfig`].
#[derive(Debug)]
pub struct PluginContext<C = NoConfig> {
    config: C,
    declaration: &'static Declaration,
    metadata: Metadata,
    registry: Peers,
    resources: Resources,
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

    /// The plugins this one declares in `depends_on`, to be kept and called.
    pub fn registry(&self) -> &Peers {
        &self.registry
    }

    /// The resources this plugin declares in `resources(…)`, to be taken and kept.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }
}

/// A [`PluginContext`] whose config is not decoded yet: what a host hands to
/// [`Plugin::setup`](crate::Plugin::setup).
pub struct SetupContext {
    config: Value,
    metadata: Metadata,
    registry: Peers,
    resources: ResourceSet,
}

impl SetupContext {
    /// For a plugin whose section of the configuration is `config`; `null` means an empty section.
    pub fn new(config: Value) -> Self {
        Self {
            config,
            metadata: Metadata::default(),
            registry: Peers::none(),
            resources: ResourceSet::new(),
        }
    }

    /// Sets what [`PluginContext::resources`] gives.
    #[must_use]
    pub fn with_resources(mut self, resources: ResourceSet) -> Self {
        self.resources = resources;
        self
    }

    /// That every resource is there that the plugin requires.
    pub(crate) fn check_resources(
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

    /// Replaces the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Decodes the config for the plugin `declaration` describes.
    ///
    /// # Errors
    ///
    /// When the config does not fit `C` or its schema; the error lists every mistake by its full path.
    pub fn decode<C: crate::config::Config>(
        self,
        declaration: &'static Declaration,
    ) -> Result<PluginContext<C>, crate::config::ConfigInvalid> {
        let config = crate::config::decode::<C>(declaration, self.config)?;
        Ok(PluginContext {
            config,
            declaration,
            metadata: self.metadata,
            registry: self.registry,
            resources: Resources::new(self.resources, declaration),
        })
    }
}

impl fmt::Debug for SetupContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupContext")
            .field("config", &crate::secrets::mask(&self.config))
            .field("metadata", &self.metadata)
            .finish()
    }
}
