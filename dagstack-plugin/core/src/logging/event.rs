//! Records as events of `tracing`, there and back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};

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

/// Whether an event is a record of the `log` crate, as `tracing-log` makes one of it: its metadata are
/// the same for all, and the record's own stand in fields.
fn is_of_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.name() == "log event"
}

/// The field with the target of a record of the `log` crate.
const LOG_TARGET: &str = "log.target";
/// Where in the source it was logged, which no other record says.
const LOG_PLACE: [&str; 3] = ["log.module_path", "log.file", "log.line"];

/// The name of the logger of a plugin.
const LOGGER_PREFIX: &str = "dagstack.plugin.";

/// The value of a field.
#[derive(Clone, Copy)]
pub(super) enum FieldValue<'a> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
    /// What the value's own code says, which may fail.
    Shown(fmt::Arguments<'a>),
    /// JSON text of our own: canonical, secrets masked.
    Json(&'a str),
}

impl From<FieldValue<'_>> for Value {
    fn from(value: FieldValue<'_>) -> Self {
        match value {
            FieldValue::Bool(value) => value.into(),
            FieldValue::I64(value) => value.into(),
            FieldValue::U64(value) => value.into(),
            FieldValue::F64(value) => match Number::from_f64(value) {
                Some(number) => number.into(),
                None => value.to_string().into(),
            },
            FieldValue::Text(value) => value.into(),
            FieldValue::Shown(value) => {
                let mut text = String::new();
                fmt::write(&mut text, value).map_or(Self::Null, |()| text.into())
            }
            FieldValue::Json(value) => serde_json::from_str(value).unwrap_or_default(),
        }
    }
}

/// A record in the making.
pub(super) trait Draft {
    fn set_body(&mut self, value: FieldValue<'_>);
    fn set_attribute(&mut self, name: Cow<'static, str>, value: FieldValue<'_>);
    /// The text of an attribute.
    fn text(&self, name: &str) -> Option<String>;
    /// The rest of it.
    fn record(&mut self) -> &mut LogRecord;
}

/// Reads the fields of an event.
pub(super) fn read(event: &Event<'_>, draft: &mut impl Draft) {
    let metadata = event.metadata();
    let is_ours =
        metadata.name() == EVENT_NAME && matches!(metadata.target(), TARGET | FORWARDED_TARGET);
    event.record(&mut Reader {
        is_record: is_ours || is_of_log(metadata),
        has_body: true,
        draft,
    });
    if draft.record().instrumentation_scope.is_some() {
        return;
    }
    let plugin = is_ours.then(|| draft.text(PLUGIN_NAME)).flatten();
    let scope = match plugin {
        Some(name) => InstrumentationScope {
            name: format!("{LOGGER_PREFIX}{name}"),
            version: draft.text(PLUGIN_VERSION),
        },
        None => InstrumentationScope::new(metadata.target()),
    };
    draft.record().instrumentation_scope = Some(scope);
}

/// A reader of a span's fields.
#[cfg(feature = "logging")]
pub(super) fn span_reader(draft: &mut impl Draft) -> impl Visit {
    Reader {
        is_record: false,
        has_body: false,
        draft,
    }
}

struct Reader<'a, D> {
    /// Not any other event's fields, or a span's.
    is_record: bool,
    has_body: bool,
    draft: &'a mut D,
}

impl<D: Draft> Reader<'_, D> {
    fn put(&mut self, field: &Field, value: FieldValue<'_>) {
        match field.name() {
            // The JSON of a body that is no text comes later, and replaces this.
            "message" if self.has_body => self.draft.set_body(value),
            name => self.draft.set_attribute(name.into(), value),
        }
    }

    /// Takes what is no attribute.
    fn take_number(&mut self, name: &str, value: u64) -> bool {
        if !self.is_record {
            return false;
        }
        let record = self.draft.record();
        let small = u8::try_from(value).ok();
        match name {
            "severity_number" => {
                record.severity = small.and_then(Severity::new).unwrap_or(record.severity);
            }
            "trace_flags" => record.trace_flags = small.unwrap_or_default(),
            "time_unix_nano" => {
                record.observed_time_unix_nano = Some(record.time_unix_nano);
                record.time_unix_nano = value;
            }
            place if LOG_PLACE.contains(&place) => {}
            _ => return false,
        }
        true
    }

    /// The same of texts.
    fn take_text(&mut self, name: &str, value: &str) -> bool {
        let record = self.draft.record();
        match name {
            "trace_id" => {
                let id = TraceId::parse(value);
                record.trace_id = id.or(record.trace_id);
                return id.is_some();
            }
            "span_id" => {
                let id = SpanId::parse(value);
                record.span_id = id.or(record.span_id);
                return id.is_some();
            }
            _ if !self.is_record => return false,
            "attributes" => {
                let map = serde_json::from_str::<BTreeMap<String, &RawValue>>(value);
                for (name, json) in map.unwrap_or_default() {
                    let value = FieldValue::Json(json.get());
                    self.draft.set_attribute(name.into(), value);
                }
            }
            "body" => self.draft.set_body(FieldValue::Json(value)),
            "resource" => record.resource = serde_json::from_str(value).unwrap_or_default(),
            "logger" | LOG_TARGET => {
                record.instrumentation_scope = Some(InstrumentationScope::new(value));
            }
            "logger.version" => {
                if let Some(scope) = &mut record.instrumentation_scope {
                    scope.version = Some(value.to_owned());
                }
            }
            place if LOG_PLACE.contains(&place) => {}
            _ => return false,
        }
        true
    }
}

impl<D: Draft> Visit for Reader<'_, D> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, FieldValue::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, FieldValue::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if !self.take_number(field.name(), value) {
            self.put(field, FieldValue::U64(value));
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, FieldValue::Shown(format_args!("{value}")));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, FieldValue::Shown(format_args!("{value}")));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, FieldValue::F64(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.take_text(field.name(), value) {
            self.put(field, FieldValue::Text(value));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, FieldValue::Shown(format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if matches!(field.name(), "trace_id" | "span_id") {
            let mut text = String::new();
            if fmt::write(&mut text, format_args!("{value:?}")).is_ok() {
                return self.record_str(field, &text);
            }
        }
        self.put(field, FieldValue::Shown(format_args!("{value:?}")));
    }
}

impl Draft for LogRecord {
    fn set_body(&mut self, value: FieldValue<'_>) {
        self.body = value.into();
    }

    fn set_attribute(&mut self, name: Cow<'static, str>, value: FieldValue<'_>) {
        self.attributes.insert(name.into_owned(), value.into());
    }

    fn text(&self, name: &str) -> Option<String> {
        self.attributes.get(name)?.as_str().map(str::to_owned)
    }

    fn record(&mut self) -> &mut LogRecord {
        self
    }
}

impl LogRecord {
    /// The record of an event of `tracing`: the one a [`Logger`](super::Logger) made it of, or else one
    /// with its target as the name of the logger and its fields as attributes. What the spans around it
    /// say is left out; [`JsonLines`](super::JsonLines) has it.
    pub fn from_event(event: &Event<'_>) -> Self {
        let mut record = Self::new((*event.metadata().level()).into(), Value::Null);
        read(event, &mut record);
        record
    }
}
