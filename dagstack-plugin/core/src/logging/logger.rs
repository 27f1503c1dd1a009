//! [`Logger`]: what a plugin logs with.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::dispatcher;
use tracing::level_filters::LevelFilter;

use super::event::{self, FIXED, Fields, TENANT_ID};
use super::{Severity, exception};
use crate::context::{Metadata, PluginScope};
use crate::encode::nesting::shallow;
use crate::trace::TraceContext;

/// What a plugin logs with. Its records say which plugin they come from and, if it is the logger of a
/// call, which trace and which tenant the call belongs to.
///
/// Cheap to clone, and cheap to call while its level is off: nothing is made before a subscriber wants
/// it.
///
/// ```
/// use dagstack_plugin::serde_json::json;
/// use dagstack_plugin::{HookContext, Severity};
///
/// fn hook(ctx: &HookContext, document: u64) {
///     let log = ctx.logger().bind("document", document);
///     log.debug("read");
///     log.log(Severity::INFO, "indexed", [("pages", json!(12)), ("took", json!({ "ms": 3.5 }))]);
/// }
/// # hook(&HookContext::default(), 7);
/// ```
#[derive(Clone, Default)]
pub struct Logger {
    scope: Option<Arc<PluginScope>>,
    metadata: Metadata,
    bound: Option<Arc<Map<String, Value>>>,
}

const NONE: [(String, Value); 0] = [];

impl Logger {
    #[inline]
    pub(crate) fn new(scope: Option<Arc<PluginScope>>, metadata: Metadata) -> Self {
        Self {
            scope,
            metadata,
            bound: None,
        }
    }

    /// The same logger with one more attribute in every record. One that a record itself has wins.
    #[must_use]
    pub fn bind(&self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut bound = self.bound.as_deref().cloned().unwrap_or_default();
        bound.insert(key.into(), shallow(value.into()));
        Self {
            bound: Some(Arc::new(bound)),
            ..self.clone()
        }
    }

    /// Whether anybody wants records of that severity. Asked before one that is costly to make.
    #[inline]
    pub fn is_enabled(&self, severity: Severity) -> bool {
        // Without looking further while nobody at all wants the level.
        LevelFilter::current() >= severity.level()
            && self.for_subscriber(|| event::is_enabled(severity))
    }

    /// Runs what logs with the subscriber around it that the plugin's records are for.
    #[inline]
    fn for_subscriber<T>(&self, log: impl FnOnce() -> T) -> T {
        let own = self.scope.as_deref().and_then(PluginScope::subscriber);
        match own {
            Some(own) => dispatcher::with_default(own, log),
            None => log(),
        }
    }

    /// Logs a record. `attributes` are pairs of a name and a value, in anything that can be iterated:
    /// an array, a `Vec`, a `serde_json` map. Names with the ending of a secret's (`_key`, `_token` …)
    /// have their values masked; `plugin.kind`, `plugin.name`, `plugin.version` and `tenant_id` are the
    /// call's own where it has them, and cannot be replaced. What nests deeper than
    /// [`MAX_NESTING`](crate::encode::nesting::MAX_NESTING) levels is left out, and a text says so.
    pub fn log<K: Into<String>, V: Into<Value>>(
        &self,
        severity: Severity,
        body: impl Into<Value>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) {
        if self.is_enabled(severity) {
            let own = attributes
                .into_iter()
                .map(|(key, value)| (key.into(), shallow(value.into())));
            self.emit(severity, &shallow(body.into()), own);
        }
    }

    /// Logs at [`Severity::TRACE`].
    #[inline]
    pub fn trace(&self, body: impl Into<Value>) {
        self.log(Severity::TRACE, body, NONE);
    }

    /// Logs at [`Severity::DEBUG`].
    #[inline]
    pub fn debug(&self, body: impl Into<Value>) {
        self.log(Severity::DEBUG, body, NONE);
    }

    /// Logs at [`Severity::INFO`].
    #[inline]
    pub fn info(&self, body: impl Into<Value>) {
        self.log(Severity::INFO, body, NONE);
    }

    /// Logs at [`Severity::WARN`].
    #[inline]
    pub fn warn(&self, body: impl Into<Value>) {
        self.log(Severity::WARN, body, NONE);
    }

    /// Logs at [`Severity::ERROR`].
    #[inline]
    pub fn error(&self, body: impl Into<Value>) {
        self.log(Severity::ERROR, body, NONE);
    }

    /// Logs at [`Severity::FATAL`]. It ends nothing.
    #[inline]
    pub fn fatal(&self, body: impl Into<Value>) {
        self.log(Severity::FATAL, body, NONE);
    }

    /// Logs an error at [`Severity::ERROR`]: its message is the body, the attributes `exception.type`,
    /// `exception.message` and `exception.stacktrace` hold it and its sources.
    ///
    /// ```
    /// # let ctx = dagstack_plugin::HookContext::default();
    /// if let Err(error) = std::fs::read("/no/such/file") {
    ///     ctx.logger().exception(&error);
    /// }
    /// ```
    pub fn exception<E: Error + ?Sized>(&self, error: &E) {
        if self.is_enabled(Severity::ERROR) {
            let message = error.to_string();
            let own = exception::attributes(type_name::<E>(), &message, &exception::causes(error));
            self.emit(Severity::ERROR, &Value::from(message), own.into_iter());
        }
    }

    fn emit(&self, severity: Severity, body: &Value, own: impl Iterator<Item = (String, Value)>) {
        let mut attributes = self.bound.as_deref().cloned().unwrap_or_default();
        attributes.extend(own);
        let scope = self.scope.as_deref();
        let metadata = self.metadata.map();
        let mut fields = Fields {
            kind: scope.map(|it| it.plugin().kind()),
            name: scope.map(|it| it.plugin().name()),
            version: scope.and_then(PluginScope::version),
            tenant_id: metadata.and_then(|it| it.get(TENANT_ID)?.as_str()),
            ..Fields::default()
        };
        let trace = metadata.and_then(TraceContext::of);
        if let Some(trace) = &trace {
            fields.trace_id = trace.traceparent.get(3..35);
            fields.span_id = trace.traceparent.get(36..52);
            fields.trace_flags = (trace.parent.flags != 0).then(|| trace.parent.flags.into());
        }
        if !attributes.is_empty() {
            let has = [fields.kind, fields.name, fields.version, fields.tenant_id];
            for (key, _) in FIXED.iter().zip(has).filter(|(_, has)| has.is_some()) {
                attributes.remove(*key);
            }
        }
        let text = event::attributes_text(&mut attributes);
        fields.attributes = text.as_deref();
        self.for_subscriber(|| event::emit(severity, body, &fields));
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("plugin", &self.scope.as_deref().map(PluginScope::plugin))
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}
