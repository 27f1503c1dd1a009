//! Records as events of `tracing`, there and back.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

use super::record::now;
use super::{InstrumentationScope, LogRecord, Redaction, Severity};
use crate::canonical_json;
use crate::trace::{SpanId, TraceId};

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

/// Whether an event is a record.
pub(super) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.name() == EVENT_NAME && matches!(metadata.target(), TARGET | FORWARDED_TARGET)
}

/// Whether an event is a record of the `log` crate, as `tracing-log` makes one of it: its metadata are
/// the same for all, and the record's own stand in fields.
pub(super) fn is_of_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.name() == "log event"
}

/// The field with the target of a record of the `log` crate.
pub(super) const LOG_TARGET: &str = "log.target";
/// Where in the source it was logged, which no other record says.
pub(super) const LOG_PLACE: [&str; 3] = ["log.module_path", "log.file", "log.line"];

/// The name of the logger of a plugin.
pub(super) const LOGGER_PREFIX: &str = "dagstack.plugin.";

/// The record of an event.
pub(super) fn read(event: &tracing::Event<'_>) -> LogRecord {
    let metadata = event.metadata();
    let mut visitor = Visitor {
        record: LogRecord::new((*metadata.level()).into(), Value::Null),
        ours: is_ours(metadata) || is_of_log(metadata),
        logger: None,
        logger_version: None,
        body: None,
    };
    event.record(&mut visitor);
    let Visitor {
        mut record,
        ours,
        logger,
        logger_version,
        body,
    } = visitor;
    if let Some(body) = body {
        record.body = body;
    }
    let text = |key: &str| record.attributes.get(key).and_then(Value::as_str);
    let scope = match (logger, text(PLUGIN_NAME).filter(|_| ours)) {
        (Some(name), _) => InstrumentationScope {
            name,
            version: logger_version,
        },
        (None, Some(name)) => InstrumentationScope {
            name: format!("{LOGGER_PREFIX}{name}"),
            version: text(PLUGIN_VERSION).map(str::to_owned),
        },
        (None, None) => InstrumentationScope {
            name: metadata.target().to_owned(),
            version: None,
        },
    };
    record.instrumentation_scope = Some(scope);
    record
}

struct Visitor {
    record: LogRecord,
    ours: bool,
    logger: Option<String>,
    logger_version: Option<String>,
    body: Option<Value>,
}

impl Visitor {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let value = value.into();
        match field.name() {
            "message" => self.record.body = value,
            name => {
                self.record.attributes.insert(name.to_owned(), value);
            }
        }
    }

    /// Whether the text is no attribute.
    fn take(&mut self, name: &str, value: &str) -> bool {
        match name {
            "trace_id" => {
                let id = TraceId::parse(value);
                self.record.trace_id = id.or(self.record.trace_id);
                return id.is_some();
            }
            "span_id" => {
                let id = SpanId::parse(value);
                self.record.span_id = id.or(self.record.span_id);
                return id.is_some();
            }
            _ if !self.ours => return false,
            "attributes" => {
                if let Ok(map) = serde_json::from_str::<Map<String, Value>>(value) {
                    self.record.attributes.extend(map);
                }
            }
            "resource" => self.record.resource = serde_json::from_str(value).unwrap_or_default(),
            "body" => self.body = serde_json::from_str(value).ok(),
            "logger" | LOG_TARGET => self.logger = Some(value.to_owned()),
            place if LOG_PLACE.contains(&place) => {}
            "logger.version" => self.logger_version = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

impl Visit for Visitor {
    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.take(field.name(), value) {
            self.put(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "severity_number" if self.ours => {
                let severity = u8::try_from(value).ok().and_then(Severity::new);
                self.record.severity = severity.unwrap_or(self.record.severity);
            }
            "trace_flags" if self.ours => {
                self.record.trace_flags = u8::try_from(value).unwrap_or_default();
            }
            "time_unix_nano" if self.ours => {
                self.record.time_unix_nano = value;
                self.record.observed_time_unix_nano = Some(now());
            }
            place if self.ours && LOG_PLACE.contains(&place) => {}
            _ => self.put(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, value.to_string());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.put(field, number),
            None => self.put(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // The value's own code may fail.
        match fmt::write(&mut text, format_args!("{value:?}")) {
            Ok(()) => self.record_str(field, &text),
            Err(_) => self.put(field, Value::Null),
        }
    }
}
