//! Records read again from events of `tracing`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use dagstack_plugin_core::trace::{SpanId, TraceId};
use serde_json::value::RawValue;
use serde_json::{Number, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

use super::event::{PLUGIN_NAME, PLUGIN_VERSION};
use super::{EVENT_NAME, FORWARDED_TARGET, InstrumentationScope, LogRecord, Severity, TARGET};

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

impl InstrumentationScope {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
        }
    }
}
