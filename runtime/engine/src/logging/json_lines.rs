//! [`JsonLines`]: a tracing layer that writes records as lines.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Write as _};
use std::ops::Range;

use dagstack_plugin_core::Declaration;
use dagstack_plugin_core::canonical_json::utf16_order;
use dagstack_plugin_core::secrets::is_secret_attribute;
use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::event::{self, PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION};
use super::reading::{self, Draft, FieldValue, span_reader};
use super::record::{now, put, text};
use super::{HIDDEN, LogRecord, Redaction, Severity};

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
    always: JsonDraft,
}

impl<W> JsonLines<W> {
    /// Writes to what `writer` makes, each line at once.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            always: JsonDraft::default(),
        }
    }

    /// Gives every record an attribute, unless it has one of that name.
    #[must_use]
    pub fn with_attribute(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        let json = event::canonical(&value.into());
        self.always
            .set_attribute(key.into(), FieldValue::Json(&json));
        self
    }

    /// Gives every record the attributes `plugin.kind`, `plugin.name` and `plugin.version`.
    #[must_use]
    pub fn of_plugin(self, declaration: &'static Declaration) -> Self {
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

/// A record whose body and attributes are JSON text.
struct JsonDraft {
    record: LogRecord,
    body: Vec<u8>,
    attributes: Vec<(Cow<'static, str>, Range<usize>)>,
    /// Their values, one behind the other.
    values: Vec<u8>,
    /// What a value's own code says is whole here, before it is escaped.
    shown: String,
}

impl Default for JsonDraft {
    fn default() -> Self {
        Self {
            record: LogRecord::at(0, Severity::INFO, Value::Null),
            body: Vec::new(),
            attributes: Vec::new(),
            values: Vec::new(),
            shown: String::new(),
        }
    }
}

impl Draft for JsonDraft {
    fn set_body(&mut self, value: FieldValue<'_>) {
        self.body.clear();
        append(&mut self.body, &mut self.shown, value);
    }

    fn set_attribute(&mut self, name: Cow<'static, str>, value: FieldValue<'_>) {
        let start = self.values.len();
        if is_secret_attribute(&name) {
            text(&mut self.values, HIDDEN);
        } else {
            append(&mut self.values, &mut self.shown, value);
        }
        self.attributes.push((name, start..self.values.len()));
    }

    fn text(&self, name: &str) -> Option<String> {
        let mut from_last = self.attributes.iter().rev();
        let (_, at) = from_last.find(|(it, _)| it == name)?;
        serde_json::from_slice(self.values.get(at.clone())?).ok()
    }

    fn record(&mut self) -> &mut LogRecord {
        &mut self.record
    }
}

/// Appends a value as JSON text; one whose own code fails is `null`.
fn append(out: &mut Vec<u8>, shown: &mut String, value: FieldValue<'_>) {
    match value {
        FieldValue::Bool(value) => put(out, &value),
        FieldValue::I64(value) => put(out, &value),
        FieldValue::U64(value) => put(out, &value),
        FieldValue::F64(value) if value.is_finite() => put(out, &value),
        FieldValue::F64(value) => text(out, &value.to_string()),
        FieldValue::Text(value) => text(out, value),
        FieldValue::Json(value) => out.extend_from_slice(value.as_bytes()),
        FieldValue::Shown(value) => {
            shown.clear();
            match fmt::write(shown, value) {
                Ok(()) => text(out, shown),
                Err(_) => out.extend_from_slice(b"null"),
            }
        }
    }
}

impl JsonDraft {
    /// Appends the attributes of another, which win.
    fn add(&mut self, other: &Self) {
        let start = self.values.len();
        self.values.extend_from_slice(&other.values);
        let moved = |(name, at): &(Cow<'static, str>, Range<usize>)| {
            (name.clone(), at.start + start..at.end + start)
        };
        self.attributes.extend(other.attributes.iter().map(moved));
        self.record.trace_id = other.record.trace_id.or(self.record.trace_id);
        self.record.span_id = other.record.span_id.or(self.record.span_id);
    }

    /// Appends the line.
    fn write(&mut self, out: &mut Vec<u8>) {
        self.attributes
            .sort_by(|a, b| utf16_order(a.0.as_bytes(), b.0.as_bytes()));
        let attributes = |out: &mut Vec<u8>| self.write_attributes(out);
        let attributes = (!self.attributes.is_empty()).then_some(attributes);
        let body = |out: &mut Vec<u8>| match &*self.body {
            b"" => out.extend_from_slice(b"null"),
            body => out.extend_from_slice(body),
        };
        let redaction = Redaction::default();
        self.record.write_line(out, attributes, body, &redaction);
        out.push(b'\n');
    }

    /// Appends the object of the attributes, which are sorted; of those with the same name only the
    /// last.
    fn write_attributes(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut attributes = self.attributes.iter().peekable();
        let mut first = true;
        while let Some((name, at)) = attributes.next() {
            if attributes.peek().is_some_and(|(next, _)| next == name) {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            text(out, name);
            out.push(b':');
            out.extend_from_slice(self.values.get(at.clone()).unwrap_or(b"null"));
        }
        out.push(b'}');
    }

    /// Makes another record in the same memory.
    fn begin(&mut self, severity: Severity) {
        // Field by field: a record is large to move, for every line.
        let record = &mut self.record;
        record.time_unix_nano = now();
        record.observed_time_unix_nano = None;
        record.severity = severity;
        record.resource.clear();
        record.instrumentation_scope = None;
        (record.trace_id, record.span_id, record.trace_flags) = (None, None, 0);
        self.body.clear();
        self.attributes.clear();
        self.values.clear();
    }
}

/// What a line is made in, kept for the next one.
#[derive(Default)]
struct Scratch {
    draft: JsonDraft,
    line: Vec<u8>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
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
        let mut own = JsonDraft::default();
        span.record(&mut span_reader(&mut own));
        // Another layer of the same kind may have been here.
        data.extensions_mut().replace(own);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(data) = ctx.span(id) else { return };
        if let Some(own) = data.extensions_mut().get_mut::<JsonDraft>() {
            values.record(&mut span_reader(own));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        // Taken out, because a value's `Debug` may log too.
        let kept = SCRATCH.try_with(Cell::take).ok().flatten();
        let mut scratch = kept.unwrap_or_default();
        let Scratch { draft, line } = &mut *scratch;
        draft.begin((*event.metadata().level()).into());
        line.clear();
        draft.add(&self.always);
        if let Some(scope) = ctx.event_scope(event) {
            let mut innermost = None;
            for span in scope.from_root() {
                if let Some(own) = span.extensions().get::<JsonDraft>() {
                    draft.add(own);
                }
                innermost = Some(span.metadata().name());
            }
            if let Some(name) = innermost {
                draft.set_attribute("span.name".into(), FieldValue::Text(name));
            }
        }
        reading::read(event, draft);
        draft.write(line);
        let mut writer = self.writer.make_writer_for(event.metadata());
        // Nobody can be told that the log cannot be written.
        let _ = writer.write_all(line);
        if line.capacity().max(draft.values.capacity()) <= KEEP {
            let _ = SCRATCH.try_with(|slot| slot.set(Some(scratch)));
        }
    }
}
