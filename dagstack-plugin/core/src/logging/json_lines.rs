//! [`JsonLines`]: a tracing layer that writes records as lines.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::ops::Range;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::event::{
    self, LOG_PLACE, LOG_TARGET, LOGGER_PREFIX, PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION,
};
use super::record::{Tail, now, put, text};
use super::{HIDDEN, Redaction, Severity};
use crate::canonical_json::utf16_order;
use crate::secrets::is_secret_attribute;
use crate::trace::{SpanId, TraceId};

/// A layer that writes every event as one line: the logger specification's record as canonical JSON.
///
/// What a [`Logger`](super::Logger) logged is written as it was. Of any other event the target is the
/// logger's name (also of records of the `log` crate, where `tracing-log` brings them), the message the body and the fields the attributes, those of the spans around it
/// first and the name of the innermost as `span.name`; the five levels are 1, 5, 9, 13 and 17. Fields
/// `trace_id` and `span_id` of an event or a span are the record's own, if they are well formed.
/// Attributes with the name of a secret are masked.
///
/// ```
/// use dagstack_plugin::logging::JsonLines;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(JsonLines::new(std::io::stderr));
/// tracing::subscriber::with_default(subscriber, || tracing::info!(pages = 3, "indexed"));
/// // {"attributes":{"pages":3},"body":"indexed","instrumentation_scope":{"name":"my_crate"},…}
/// ```
pub struct JsonLines<W = fn() -> io::Stderr> {
    writer: W,
    /// Attributes of records that have none of that name.
    always: Rendered,
    /// JSON text.
    resource: Option<Vec<u8>>,
}

impl<W> JsonLines<W> {
    /// Writes to what `writer` makes, each line at once.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            always: Rendered::default(),
            resource: None,
        }
    }

    /// Gives every record an attribute, unless it has one of that name.
    #[must_use]
    pub fn with_attribute(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.always.push(key, |out| put(out, &value));
        self
    }

    /// Says in every record where it comes from (OTel's resource attributes, e.g. `service.name`).
    #[must_use]
    pub fn with_resource(mut self, resource: &Map<String, Value>) -> Self {
        let mut text = Vec::new();
        put(&mut text, &*Redaction::default().apply(resource));
        self.resource = (!resource.is_empty()).then_some(text);
        self
    }

    /// Gives every record the attributes `plugin.kind`, `plugin.name` and `plugin.version`.
    #[must_use]
    pub fn of_plugin(self, declaration: &'static crate::Declaration) -> Self {
        let named = self
            .with_attribute(PLUGIN_KIND, declaration.kind)
            .with_attribute(PLUGIN_NAME, declaration.name);
        match declaration.version {
            Some(version) => named.with_attribute(PLUGIN_VERSION, version),
            None => named,
        }
    }
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

/// Attributes, their values as JSON text one behind the other.
#[derive(Default)]
struct Rendered {
    entries: Vec<(Cow<'static, str>, Range<usize>)>,
    text: Vec<u8>,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
}

impl Rendered {
    fn push(&mut self, key: impl Into<Cow<'static, str>>, write: impl FnOnce(&mut Vec<u8>)) {
        let (key, start) = (key.into(), self.text.len());
        if is_secret_attribute(&key) {
            text(&mut self.text, HIDDEN);
        } else {
            write(&mut self.text);
        }
        self.entries.push((key, start..self.text.len()));
    }

    /// Appends the attributes of another, which win.
    fn add(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.extend_from_slice(&other.text);
        let moved = |(key, at): &(Cow<'static, str>, Range<usize>)| {
            (key.clone(), at.start + start..at.end + start)
        };
        self.entries.extend(other.entries.iter().map(moved));
        self.trace_id = other.trace_id.or(self.trace_id);
        self.span_id = other.span_id.or(self.span_id);
    }

    /// Takes the identity of a trace or a span; `false` if it is none.
    fn take_id(&mut self, key: &str, value: &str) -> bool {
        match key {
            "trace_id" => {
                let id = TraceId::parse(value);
                self.trace_id = id.or(self.trace_id);
                id.is_some()
            }
            "span_id" => {
                let id = SpanId::parse(value);
                self.span_id = id.or(self.span_id);
                id.is_some()
            }
            _ => false,
        }
    }

    /// The value of the last attribute of that name.
    fn get(&self, key: &str) -> Option<&[u8]> {
        let found = self.entries.iter().rev().find(|(it, _)| it == key);
        found.and_then(|(_, at)| self.text.get(at.clone()))
    }

    /// Writes the object; of attributes with the same name only the last.
    fn write(&mut self, out: &mut Vec<u8>) {
        self.entries
            .sort_by(|a, b| utf16_order(a.0.as_bytes(), b.0.as_bytes()));
        out.push(b'{');
        let mut entries = self.entries.iter().peekable();
        let mut first = true;
        while let Some((key, at)) = entries.next() {
            if entries.peek().is_some_and(|(next, _)| next == key) {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            text(out, key);
            out.push(b':');
            out.extend_from_slice(self.text.get(at.clone()).unwrap_or(b"null"));
        }
        out.push(b'}');
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        self.trace_id = None;
        self.span_id = None;
    }
}

/// What a line is made in, kept for the next one.
#[derive(Default)]
struct Scratch {
    attributes: Rendered,
    /// JSON text.
    body: Vec<u8>,
    line: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A larger one is not kept.
const KEEP: usize = 16 * 1024;

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(data) = ctx.span(id) else { return };
        let mut own = Rendered::default();
        span.record(&mut Fields::of_span(&mut own));
        data.extensions_mut().insert(own);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(data) = ctx.span(id) else { return };
        if let Some(own) = data.extensions_mut().get_mut::<Rendered>() {
            values.record(&mut Fields::of_span(own));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        // Taken out, because a value's `Debug` may log too.
        let mut scratch = SCRATCH.try_with(RefCell::take).unwrap_or_default();
        let Scratch {
            attributes,
            body,
            line,
        } = &mut scratch;
        attributes.clear();
        body.clear();
        line.clear();
        attributes.add(&self.always);
        if let Some(scope) = ctx.event_scope(event) {
            let mut innermost = None;
            for span in scope.from_root() {
                if let Some(own) = span.extensions().get::<Rendered>() {
                    attributes.add(own);
                }
                innermost = Some(span.metadata().name());
            }
            if let Some(name) = innermost {
                attributes.push("span.name", |out| text(out, name));
            }
        }
        self.line(event, attributes, body, line);
        let mut writer = self.writer.make_writer_for(event.metadata());
        // Nobody can be told that the log cannot be written.
        let _ = writer.write_all(line);
        if line.capacity().max(attributes.text.capacity()) <= KEEP {
            let _ = SCRATCH.try_with(|slot| slot.replace(scratch));
        }
    }
}

impl<W> JsonLines<W> {
    fn line(
        &self,
        event: &Event<'_>,
        attributes: &mut Rendered,
        body: &mut Vec<u8>,
        line: &mut Vec<u8>,
    ) {
        let metadata = event.metadata();
        let is_ours = event::is_ours(metadata);
        let mut fields = Fields {
            attributes,
            body: Some(body),
            ours: (is_ours || event::is_of_log(metadata)).then(Ours::default),
        };
        event.record(&mut fields);
        let ours = fields.ours;
        let ours = ours.unwrap_or_default();
        // The logger of a plugin is named after it.
        let name: Option<String> = match &ours.logger {
            Some(_) => None,
            None if is_ours => attributes
                .get(PLUGIN_NAME)
                .and_then(|json| serde_json::from_slice::<String>(json).ok())
                .map(|name| format!("{LOGGER_PREFIX}{name}")),
            None => None,
        };
        let version = match (&name, &ours.logger) {
            (Some(_), _) => attributes
                .get(PLUGIN_VERSION)
                .and_then(|json| serde_json::from_slice::<String>(json).ok()),
            (None, Some(_)) => ours.logger_version,
            (None, None) => None,
        };
        let logger = ours.logger.or(name);
        line.push(b'{');
        if !attributes.entries.is_empty() {
            line.extend_from_slice(b"\"attributes\":");
            attributes.write(line);
            line.push(b',');
        }
        line.extend_from_slice(b"\"body\":");
        line.extend_from_slice(if body.is_empty() { b"null" } else { body });
        let now = now();
        let scope = logger.as_deref().unwrap_or(metadata.target());
        Tail {
            scope: Some((scope, version.as_deref())),
            observed_time_unix_nano: ours.time_unix_nano.map(|_| now),
            resource: ours.resource.as_deref().or(self.resource.as_deref()),
            severity: ours.severity.unwrap_or((*metadata.level()).into()),
            span_id: attributes.span_id,
            time_unix_nano: ours.time_unix_nano.unwrap_or(now),
            trace_flags: ours.trace_flags,
            trace_id: attributes.trace_id,
        }
        .write(line);
        line.push(b'\n');
    }
}

/// Appends what a value's `Debug` or `Display` says as a JSON text; `null` if it fails half way.
fn shown(out: &mut Vec<u8>, value: fmt::Arguments<'_>) {
    /// serde_json's own way panics where the value's code fails.
    struct Escaped<'a>(&'a mut Vec<u8>);

    impl fmt::Write for Escaped<'_> {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
            let mut rest = piece.as_bytes();
            while let Some(end) = rest.iter().position(|&byte| !is_plain(byte)) {
                let (plain, from) = rest.split_at(end);
                self.0.extend_from_slice(plain);
                let Some((&special, behind)) = from.split_first() else {
                    break;
                };
                match special {
                    b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', special]),
                    b'\n' => self.0.extend_from_slice(b"\\n"),
                    b'\r' => self.0.extend_from_slice(b"\\r"),
                    b'\t' => self.0.extend_from_slice(b"\\t"),
                    0x08 => self.0.extend_from_slice(b"\\b"),
                    0x0c => self.0.extend_from_slice(b"\\f"),
                    // Writing to memory cannot fail.
                    other => drop(write!(self.0, "\\u{other:04x}")),
                }
                rest = behind;
            }
            self.0.extend_from_slice(rest);
            Ok(())
        }
    }

    let start = out.len();
    out.push(b'"');
    if fmt::write(&mut Escaped(out), value).is_ok() {
        out.push(b'"');
    } else {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

/// What only the event of a record has.
#[derive(Default)]
struct Ours {
    severity: Option<Severity>,
    trace_flags: u8,
    time_unix_nano: Option<u64>,
    logger: Option<String>,
    logger_version: Option<String>,
    resource: Option<Vec<u8>>,
}

/// The fields of an event or a span.
struct Fields<'a> {
    attributes: &'a mut Rendered,
    /// A span has none.
    body: Option<&'a mut Vec<u8>>,
    ours: Option<Ours>,
}

impl<'a> Fields<'a> {
    fn of_span(attributes: &'a mut Rendered) -> Self {
        Self {
            attributes,
            body: None,
            ours: None,
        }
    }

    fn put(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        match (field.name(), &mut self.body) {
            // The JSON of a body that is no text comes later, and replaces this.
            ("message", Some(body)) => {
                body.clear();
                write(body);
            }
            (name, _) => self.attributes.push(name, write),
        }
    }

    fn take_number(&mut self, name: &str, value: u64) -> bool {
        let Some(ours) = &mut self.ours else {
            return false;
        };
        let small = u8::try_from(value).ok();
        match name {
            "severity_number" => ours.severity = small.and_then(Severity::new),
            "trace_flags" => ours.trace_flags = small.unwrap_or_default(),
            "time_unix_nano" => ours.time_unix_nano = Some(value),
            place if LOG_PLACE.contains(&place) => {}
            _ => return false,
        }
        true
    }

    fn take_text(&mut self, name: &str, value: &str) -> bool {
        if self.attributes.take_id(name, value) {
            return true;
        }
        let Some(ours) = &mut self.ours else {
            return false;
        };
        match name {
            "attributes" => {
                // Made by ourselves: canonical, secrets masked.
                let map = serde_json::from_str::<BTreeMap<String, &RawValue>>(value);
                for (key, json) in map.unwrap_or_default() {
                    self.attributes
                        .push(key, |out| out.extend_from_slice(json.get().as_bytes()));
                }
            }
            "body" => {
                if let Some(body) = &mut self.body {
                    body.clear();
                    body.extend_from_slice(value.as_bytes());
                }
            }
            "resource" => ours.resource = Some(value.as_bytes().to_vec()),
            "logger" | LOG_TARGET => ours.logger = Some(value.to_owned()),
            place if LOG_PLACE.contains(&place) => {}
            "logger.version" => ours.logger_version = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

impl Visit for Fields<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if !self.take_number(field.name(), value) {
            self.put(field, |out| put(out, &value));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |out| put(out, &value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |out| put(out, &value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.put(field, |out| put(out, &value));
        } else {
            self.put(field, |out| shown(out, format_args!("{value}")));
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, |out| shown(out, format_args!("{value}")));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, |out| shown(out, format_args!("{value}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.take_text(field.name(), value) {
            self.put(field, |out| text(out, value));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, |out| shown(out, format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if matches!(field.name(), "trace_id" | "span_id") {
            let mut text = String::new();
            if fmt::write(&mut text, format_args!("{value:?}")).is_ok() {
                return self.record_str(field, &text);
            }
        }
        self.put(field, |out| shown(out, format_args!("{value:?}")));
    }
}
