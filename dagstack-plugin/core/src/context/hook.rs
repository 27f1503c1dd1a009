//! [`HookContext`]: what a hook may know about its call.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Metadata, PluginScope};
use crate::cancel::CancelToken;
use crate::event_bus::EventBus;
use crate::logging::Logger;
use crate::name::PluginName;
use crate::progress::{Progress, ProgressSink};
use crate::tenancy::TenantContext;
use crate::trace::TraceContext;

/// What a hook may know about its call. A hook asks for it by a parameter `ctx: &HookContext`.
///
/// ```
/// use dagstack_plugin::{HookContext, Metadata};
///
/// let ctx = HookContext::default().with_metadata(Metadata::new().with("tenant_id", "acme"));
/// assert_eq!(ctx.metadata().get("tenant_id").unwrap(), "acme");
/// assert!(!ctx.cancellation().is_cancelled());
/// ```
///
/// Config and resources are not here: `#[setup]` takes them, and the plugin keeps them in `self`.
///
/// Cheap to clone. All of it is the same whether the plugin runs in the host's process or in one of its
/// own, but for what `event_bus` and `tenant` say of themselves.
#[derive(Clone, Default)]
pub struct HookContext {
    metadata: Metadata,
    deadline: Option<Instant>,
    cancellation: CancelToken,
    scope: Option<Arc<PluginScope>>,
    progress: Option<Arc<dyn ProgressSink>>,
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

    /// The plugin that is called; `None` in a context that no host has made a call with.
    pub fn plugin(&self) -> Option<&PluginName> {
        self.scope.as_deref().map(PluginScope::plugin)
    }

    /// The W3C trace context of the call, if its metadata have one.
    pub fn trace_context(&self) -> Option<TraceContext<'_>> {
        TraceContext::of(self.metadata.map()?)
    }

    /// A logger whose records say which plugin they come from and which trace and tenant the call
    /// belongs to.
    ///
    /// ```
    /// # let ctx = dagstack_plugin::HookContext::default();
    /// ctx.logger().bind("document", 7).info("indexed");
    /// ```
    pub fn logger(&self) -> Logger {
        Logger::new(self.scope.clone(), self.metadata.clone())
    }

    /// The tenant the call is made for. In a process of its own a plugin knows the tenant's id, and
    /// everything is allowed there; see [`tenancy`](crate::tenancy).
    pub fn tenant(&self) -> Arc<dyn TenantContext> {
        PluginScope::tenant(self.scope.as_deref(), &self.metadata)
    }

    /// Where the hook says how far it is.
    pub fn progress(&self) -> Progress<'_> {
        Progress::new(self.progress.as_deref())
    }

    /// The bus that the plugins of this process share.
    pub fn event_bus(&self) -> EventBus {
        match &self.scope {
            Some(scope) => scope.event_bus().clone(),
            None => EventBus::new(),
        }
    }

    /// Says which plugin is called, and what it shares with its other calls. Hosts do, at every call.
    #[must_use]
    #[inline]
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

    /// Hears how far the hook is. Without a sink, what it reports is dropped.
    #[must_use]
    pub fn with_progress(mut self, sink: Arc<dyn ProgressSink>) -> Self {
        self.progress = Some(sink);
        self
    }

    /// What hears how far the hook is, to be passed on with the call.
    pub fn progress_sink(&self) -> Option<&Arc<dyn ProgressSink>> {
        self.progress.as_ref()
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

impl fmt::Debug for HookContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext")
            .field("plugin", &self.plugin())
            .field("metadata", &self.metadata)
            .field("deadline", &self.deadline)
            .field("cancelled", &self.cancellation.is_cancelled())
            .field("progress", &self.progress())
            .finish()
    }
}
