//! [`PluginScope`]: what all calls of one plugin share.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use tracing::Dispatch;

use super::Metadata;
use crate::declaration::Declaration;
use crate::event_bus::EventBus;
use crate::name::PluginName;
use crate::tenancy::{NoOpTenantContext, TenantContext, TenantResolver};

/// What a host gives to all calls of one plugin: who the plugin is, the host's tenants, its event
/// bus. Made once, when the plugin is set up, so that a call carries all of it as one pointer.
#[derive(Clone)]
pub struct PluginScope {
    plugin: PluginName,
    version: Option<Cow<'static, str>>,
    tenancy: Option<Arc<dyn TenantResolver>>,
    event_bus: EventBus,
    subscriber: Option<Dispatch>,
}

impl PluginScope {
    /// For a plugin without a version, alone on its event bus, and without rules for tenants.
    pub fn new(plugin: PluginName) -> Self {
        Self {
            plugin,
            version: None,
            tenancy: None,
            event_bus: EventBus::new(),
            subscriber: None,
        }
    }

    /// The same for the plugin that `declaration` describes.
    pub fn of(declaration: &'static Declaration) -> Self {
        Self {
            version: declaration.version.map(Cow::Borrowed),
            ..Self::new(PluginName::new(declaration.kind, declaration.name))
        }
    }

    /// Sets the plugin's version.
    #[must_use]
    pub fn with_version(mut self, version: Option<impl Into<Cow<'static, str>>>) -> Self {
        self.version = version.map(Into::into);
        self
    }

    /// Sets who says what tenants may do.
    #[must_use]
    pub fn with_tenancy(mut self, tenancy: Option<Arc<dyn TenantResolver>>) -> Self {
        self.tenancy = tenancy;
        self
    }

    /// Sets the bus that the plugin shares with others.
    #[must_use]
    pub fn with_event_bus(mut self, event_bus: EventBus) -> Self {
        self.event_bus = event_bus;
        self
    }

    /// Sets who takes what the plugin's loggers log, on whatever thread; without it, that is the
    /// subscriber of the thread.
    #[must_use]
    pub fn with_subscriber(mut self, subscriber: Dispatch) -> Self {
        self.subscriber = Some(subscriber);
        self
    }

    /// The plugin.
    pub fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    /// The plugin's version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(crate) fn subscriber(&self) -> Option<&Dispatch> {
        self.subscriber.as_ref()
    }

    pub(super) fn event_bus(&self) -> &EventBus {
        &self.event_bus
    }

    pub(super) fn tenant(scope: Option<&Self>, metadata: &Metadata) -> Arc<dyn TenantContext> {
        match scope.and_then(|scope| scope.tenancy.as_ref()) {
            Some(tenancy) => tenancy.resolve(metadata),
            None => Arc::new(NoOpTenantContext::of(metadata)),
        }
    }
}

impl fmt::Debug for PluginScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginScope")
            .field("plugin", &self.plugin)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
