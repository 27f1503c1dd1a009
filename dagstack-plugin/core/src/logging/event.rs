//! Records as events of `tracing`.

use serde_json::{Map, Value};
use tracing::Level;

use super::{LogRecord, Redaction, Severity};
use crate::canonical_json;

/// The name of every event that is a record.
pub const EVENT_NAME: &str = "dagstack.log";
/// The target of what a [`Logger`](super::Logger) logs.
pub const TARGET: &str = "dagstack.plugin";
/// The target of what a plugin in a process of its own wrote to its standard error.
pub const FORWARDED_TARGET: &str = "dagstack.plugin.stderr";

/// The fields of such an event.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) tenant_id: Option<&'a str>,
    pub(super) trace_id: Option<&'a str>,
    pub(super) span_id: Option<&'a str>,
    pub(super) trace_flags: Option<u64>,
    pub(super) attributes: Option<&'a str>,
    pub(super) time_unix_nano: Option<u64>,
    pub(super) logger: Option<&'a str>,
    pub(super) logger_version: Option<&'a str>,
    pub(super) resource: Option<&'a str>,
}

/// Callsites are static: one for each target and level.
macro_rules! callsites {
    ($is_enabled:ident, $emit:ident, $target:expr) => {
        /// Whether anybody wants such a record.
        #[inline]
        pub(super) fn $is_enabled(severity: Severity) -> bool {
            match severity.level() {
                Level::TRACE => tracing::enabled!(target: $target, Level::TRACE),
                Level::DEBUG => tracing::enabled!(target: $target, Level::DEBUG),
                Level::INFO => tracing::enabled!(target: $target, Level::INFO),
                Level::WARN => tracing::enabled!(target: $target, Level::WARN),
                Level::ERROR => tracing::enabled!(target: $target, Level::ERROR),
            }
        }

        pub(super) fn $emit(severity: Severity, body: &Value, fields: &Fields<'_>) {
            let json;
            let (message, body) = match body {
                Value::String(text) => (&**text, None),
                other => {
                    json = canonical(other);
                    (&*json, Some(&*json))
                }
            };
            macro_rules! at {
                ($level:expr) => {
                    tracing::event!(
                        name: EVENT_NAME,
                        target: $target,
                        $level,
                        message,
                        plugin.kind = fields.kind,
                        plugin.name = fields.name,
                        plugin.version = fields.version,
                        tenant_id = fields.tenant_id,
                        trace_id = fields.trace_id,
                        span_id = fields.span_id,
                        trace_flags = fields.trace_flags,
                        severity_number = u64::from(severity.number()),
                        attributes = fields.attributes,
                        body,
                        logger = fields.logger,
                        logger.version = fields.logger_version,
                        time_unix_nano = fields.time_unix_nano,
                        resource = fields.resource,
                    )
                };
            }
            match severity.level() {
                Level::TRACE => at!(Level::TRACE),
                Level::DEBUG => at!(Level::DEBUG),
                Level::INFO => at!(Level::INFO),
                Level::WARN => at!(Level::WARN),
                Level::ERROR => at!(Level::ERROR),
            }
        }
    };
}

callsites!(is_enabled, emit, TARGET);
callsites!(is_forwarded, emit_forwarded, FORWARDED_TARGET);

/// The canonical JSON of what may have none.
pub(super) fn canonical(value: &(impl serde::Serialize + ?Sized)) -> String {
    let mut text = Vec::new();
    match canonical_json::append(value, &mut text) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => "null".to_owned(),
    }
}

/// Passes on a record that another process wrote, as one event. Hosts do, with what their plugins write
/// to standard error. Secrets are masked once more.
pub fn forward(record: &LogRecord) {
    if !is_forwarded(record.severity) {
        return;
    }
    let text = |key: &str| record.attributes.get(key).and_then(Value::as_str);
    let mut fields = Fields {
        kind: text(PLUGIN_KIND),
        name: text(PLUGIN_NAME),
        version: text(PLUGIN_VERSION),
        tenant_id: text(TENANT_ID),
        trace_flags: (record.trace_flags != 0).then(|| record.trace_flags.into()),
        time_unix_nano: Some(record.time_unix_nano),
        ..Fields::default()
    };
    let mut rest = record.attributes.clone();
    rest.retain(|key, value| !(FIXED.contains(&&**key) && value.is_string()));
    let attributes = attributes_text(&mut rest);
    let (trace_id, span_id) = (
        record.trace_id.map(|id| id.to_string()),
        record.span_id.map(|id| id.to_string()),
    );
    let resource = (!record.resource.is_empty())
        .then(|| canonical(&*Redaction::default().apply(&record.resource)));
    fields.attributes = attributes.as_deref();
    fields.trace_id = trace_id.as_deref();
    fields.span_id = span_id.as_deref();
    fields.resource = resource.as_deref();
    if let Some(scope) = &record.instrumentation_scope {
        fields.logger = Some(&scope.name);
        fields.logger_version = scope.version.as_deref();
    }
    emit_forwarded(record.severity, &record.body, &fields);
}

pub(super) const PLUGIN_KIND: &str = "plugin.kind";
pub(super) const PLUGIN_NAME: &str = "plugin.name";
pub(super) const PLUGIN_VERSION: &str = "plugin.version";
pub(super) const TENANT_ID: &str = crate::tenancy::TENANT_ID;
/// The attributes that are fields of the event.
pub(super) const FIXED: [&str; 4] = [PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION, TENANT_ID];

/// The other attributes, fit to be shown; `None` if there are none.
pub(super) fn attributes_text(attributes: &mut Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    Redaction::default().hide(attributes);
    Some(canonical(attributes))
}
