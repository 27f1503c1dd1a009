//! [`LogRecord`] and its JSON line.

use std::any::type_name;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use dagstack_plugin_core::canonical_json;
use dagstack_plugin_core::trace::{SpanId, TraceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Redaction, Severity, exception};

/// A record of the logger specification. [`to_json`](Self::to_json) writes it.
///
/// ```
/// use dagstack_plugin::Severity;
/// use dagstack_plugin::logging::LogRecord;
///
/// let mut record = LogRecord::new(Severity::INFO, "hello");
/// record.time_unix_nano = 1_700_000_000_123_456_789;
/// record.attributes.insert("api_key".to_owned(), "abc".into());
/// assert_eq!(
///     record.to_json(),
///     r#"{"attributes":{"api_key":"***"},"body":"hello","severity_number":9,"severity_text":"INFO","time_unix_nano":1700000000123456789}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogRecord {
    /// When it happened, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// When it was taken in, if that is another time.
    pub observed_time_unix_nano: Option<u64>,
    /// How much it matters.
    pub severity: Severity,
    /// What happened: mostly a text.
    pub body: Value,
    /// Facts about it, by name.
    pub attributes: Map<String, Value>,
    /// Facts about where it comes from.
    pub resource: Map<String, Value>,
    /// Which logger it comes from.
    pub instrumentation_scope: Option<InstrumentationScope>,
    /// The trace it belongs to.
    pub trace_id: Option<TraceId>,
    /// The span it belongs to.
    pub span_id: Option<SpanId>,
    /// The flags of the trace.
    pub trace_flags: u8,
}

/// Which logger a record comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentationScope {
    /// Its name, e.g. `dagstack.plugin.fixed`.
    pub name: String,
    /// The version of what logs.
    #[serde(default)]
    pub version: Option<String>,
}

/// The keys of W3C baggage that become attributes.
const BAGGAGE: [&str; 3] = ["tenant.id", "request.id", "user.id"];

impl LogRecord {
    /// A record of this moment.
    pub fn new(severity: Severity, body: impl Into<Value>) -> Self {
        Self::at(now(), severity, body.into())
    }

    /// A record of another moment.
    pub(super) fn at(time_unix_nano: u64, severity: Severity, body: Value) -> Self {
        Self {
            time_unix_nano,
            observed_time_unix_nano: None,
            severity,
            body,
            attributes: Map::new(),
            resource: Map::new(),
            instrumentation_scope: None,
            trace_id: None,
            span_id: None,
            trace_flags: 0,
        }
    }

    /// Takes `tenant.id`, `request.id` and `user.id` from W3C baggage as attributes, and nothing else.
    #[must_use]
    pub fn with_baggage<'a>(
        mut self,
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        for (key, value) in entries {
            if BAGGAGE.contains(&key) {
                self.attributes.insert(key.to_owned(), Value::from(value));
            }
        }
        self
    }

    /// Says which error the record is about: the attributes `exception.type`, `exception.message` and
    /// `exception.stacktrace` (here the error's sources). The body, if there is none, becomes the
    /// message.
    #[must_use]
    pub fn with_exception<E: Error + ?Sized>(self, error: &E) -> Self {
        let trace = exception::causes(error);
        self.with_exception_parts(type_name::<E>(), &error.to_string(), &trace)
    }

    /// [`with_exception`](Self::with_exception) for an error of another language; `trace` are the lines
    /// behind the first.
    #[must_use]
    pub fn with_exception_parts(mut self, name: &str, message: &str, trace: &str) -> Self {
        self.attributes
            .extend(exception::attributes(name, message, trace));
        if self.body.is_null() {
            self.body = Value::from(message);
        }
        self
    }

    /// The record as a line of canonical JSON, without the line break. Fields without a value are left
    /// out, and so are the values of secret attributes.
    pub fn to_json(&self) -> String {
        self.to_json_with(&Redaction::default())
    }

    /// [`to_json`](Self::to_json) with other attributes hidden.
    pub fn to_json_with(&self, redaction: &Redaction) -> String {
        let mut out = Vec::with_capacity(256);
        let attributes = |out: &mut Vec<u8>| put(out, &redaction.apply(&self.attributes));
        let attributes = (!self.attributes.is_empty()).then_some(attributes);
        self.write_line(&mut out, attributes, |out| put(out, &self.body), redaction);
        // Only JSON text was put in.
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the line, without its break; its attributes and its body are what is written for them.
    pub(super) fn write_line(
        &self,
        out: &mut Vec<u8>,
        attributes: Option<impl FnOnce(&mut Vec<u8>)>,
        body: impl FnOnce(&mut Vec<u8>),
        redaction: &Redaction,
    ) {
        out.push(b'{');
        if let Some(attributes) = attributes {
            out.extend_from_slice(b"\"attributes\":");
            attributes(out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"body\":");
        body(out);
        if let Some(scope) = &self.instrumentation_scope {
            out.extend_from_slice(b",\"instrumentation_scope\":{\"name\":");
            text(out, &scope.name);
            if let Some(version) = &scope.version {
                member(out, "version", version);
            }
            out.push(b'}');
        }
        if let Some(observed) = self.observed_time_unix_nano {
            member(out, "observed_time_unix_nano", &observed);
        }
        if !self.resource.is_empty() {
            out.extend_from_slice(b",\"resource\":");
            put(out, &redaction.apply(&self.resource));
        }
        member(out, "severity_number", &self.severity.number());
        member(out, "severity_text", self.severity.text());
        if let Some(id) = self.span_id {
            member(out, "span_id", &format_args!("{id}"));
        }
        member(out, "time_unix_nano", &self.time_unix_nano);
        if self.trace_flags != 0 {
            member(out, "trace_flags", &self.trace_flags);
        }
        if let Some(id) = self.trace_id {
            member(out, "trace_id", &format_args!("{id}"));
        }
        out.push(b'}');
    }

    /// Reads what [`to_json`](Self::to_json) wrote, or any other writer of the specification; `None` if
    /// it is something else.
    pub fn from_json(line: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            time_unix_nano: u64,
            #[serde(default)]
            observed_time_unix_nano: Option<u64>,
            severity_number: u8,
            body: Value,
            #[serde(default)]
            attributes: Map<String, Value>,
            #[serde(default)]
            resource: Map<String, Value>,
            #[serde(default, deserialize_with = "crate::wire::optional")]
            instrumentation_scope: Option<InstrumentationScope>,
            #[serde(default)]
            trace_id: Option<String>,
            #[serde(default)]
            span_id: Option<String>,
            #[serde(default)]
            trace_flags: u8,
        }
        let line = line.trim_ascii();
        // Most lines of a foreign program are told from records without being parsed.
        if !line.starts_with('{') || !line.contains("\"severity_number\"") {
            return None;
        }
        let wire: Wire = serde_json::from_str(line).ok()?;
        Some(Self {
            time_unix_nano: wire.time_unix_nano,
            observed_time_unix_nano: wire.observed_time_unix_nano,
            severity: Severity::new(wire.severity_number)?,
            body: wire.body,
            attributes: wire.attributes,
            resource: wire.resource,
            instrumentation_scope: wire.instrumentation_scope,
            trace_id: wire.trace_id.as_deref().and_then(TraceId::parse),
            span_id: wire.span_id.as_deref().and_then(SpanId::parse),
            trace_flags: wire.trace_flags,
        })
    }
}

/// Nanoseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX))
}

/// Appends the canonical JSON of a value; what has none is `null`.
pub(super) fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let start = out.len();
    if canonical_json::append(value, out).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

/// Appends a member that is not an object's first.
fn member<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: &T) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// Appends a JSON text.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    // Writing a text to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}
