//! The client's log view: what the plugin's loggers say, as notifications of MCP.
//!
//! Clients with a session get records from `info` on, or from the level they set; those of the
//! stateless protocol, of the requests that say a level. Peers with our extension read them from
//! stderr, and those of the older dialect are never written to unasked: their loggers are as if there
//! were no view.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Metadata, callsite, dispatcher};
use tracing_core::span::Current;

use super::log;
use super::log_level::{LEVELS, Level};
use super::meta::CallMeta;
use super::outlet::Outlet;
use super::reply::Shape;
use super::secrets;
use dagstack_engine::logging::{LogRecord, TARGET};
use dagstack_engine::wire::Object;
use dagstack_plugin_core::context::PluginScope;
use dagstack_plugin_core::logging::event::{PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION};

/// No record is wanted.
const OFF: u8 = u8::MAX;

/// Who gets which records.
#[derive(Debug)]
pub(super) struct LogView {
    shown: Arc<Shown>,
    /// For all calls of a session, and its setup.
    of_session: OnceLock<Arc<PluginScope>>,
    /// For calls that say a level themselves.
    of_calls: [OnceLock<Arc<PluginScope>>; LEVELS.len()],
}

/// Where records go.
#[derive(Debug)]
struct Shown {
    outlet: Weak<dyn Outlet>,
    /// The plugin's name.
    logger: &'static str,
    /// The [`Level`] from which on a session wants records, by its place, or [`OFF`].
    of_session: AtomicU8,
    /// Records that the client left no room for, and that it was not told of.
    dropped: AtomicUsize,
}

impl LogView {
    pub(super) fn new(outlet: Weak<dyn Outlet>, logger: &'static str) -> Self {
        Self {
            shown: Arc::new(Shown {
                outlet,
                logger,
                of_session: AtomicU8::new(OFF),
                dropped: AtomicUsize::new(0),
            }),
            of_session: OnceLock::new(),
            of_calls: [const { OnceLock::new() }; LEVELS.len()],
        }
    }

    /// What a call's loggers belong to.
    pub(super) fn scope(&self, own: &Arc<PluginScope>, call: &CallMeta) -> Arc<PluginScope> {
        match (call.shape, call.log_level) {
            (Shape::Session, _) => self.scope_of_session(own),
            (Shape::Stateless, Some(level)) if !call.peer.is_some_and(|it| it.has_extension) => {
                let place = self.of_calls.get(level as usize);
                place.map_or_else(
                    || Arc::clone(own),
                    |scope| self.make(scope, own, Some(level)),
                )
            }
            _ => Arc::clone(own),
        }
    }

    /// What the loggers of a session's setup and calls belong to.
    pub(super) fn scope_of_session(&self, own: &Arc<PluginScope>) -> Arc<PluginScope> {
        Arc::clone(self.of_session.get().unwrap_or(own))
    }

    fn make(
        &self,
        scope: &OnceLock<Arc<PluginScope>>,
        own: &PluginScope,
        level: Option<Level>,
    ) -> Arc<PluginScope> {
        let made = scope.get_or_init(|| {
            let view = View {
                shown: Arc::clone(&self.shown),
                level,
                under: dispatcher::get_default(Clone::clone),
            };
            let scope = own.clone();
            Arc::new(scope.with_subscriber(Dispatch::new(view)))
        });
        Arc::clone(made)
    }

    /// Says from which level on the session wants records, if it wants any.
    pub(super) fn show(&self, own: &PluginScope, level: Option<Level>) {
        let place = level.map_or(OFF, |level| level as u8);
        self.shown.of_session.store(place, Ordering::Relaxed);
        if level.is_none() {
            return;
        }
        match self.of_session.get() {
            // What `tracing` remembers of who wants what.
            Some(_) => callsite::rebuild_interest_cache(),
            None => drop(self.make(&self.of_session, own, None)),
        }
    }

    /// Tells the client of records that it left no room for, if there is room now.
    pub(super) fn tell_of_drops(&self) {
        if let Some(outlet) = self.shown.outlet.upgrade() {
            self.shown.tell_of_drops(&outlet);
        }
    }
}

/// The level of `logging/setLevel`; an error says what is wrong with the parameters.
pub(super) fn read_level(params: Option<&str>) -> Result<Level, String> {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow)]
        level: &'a RawValue,
    }
    let params = serde_json::from_str(params.unwrap_or("{}"));
    let Object(Params { level }) = params.map_err(|error| {
        let error = error.to_string();
        let (problem, _) = error.rsplit_once(" at line").unwrap_or((&error, ""));
        format!("the parameters of `logging/setLevel` do not fit: {problem}")
    })?;
    Level::read(level.get())
}

impl Shown {
    /// Leaves a record for the client, unless it has left too many unread.
    fn offer(&self, record: &LogRecord) {
        let Some(outlet) = self.outlet.upgrade() else {
            return;
        };
        self.tell_of_drops(&outlet);
        let is_told = self.dropped.load(Ordering::Relaxed) == 0;
        if !is_told || !offer(&outlet, self.line(record)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell_of_drops(&self, outlet: &Arc<dyn Outlet>) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return;
        }
        let message = format!("{dropped} log records were dropped: too much was unread");
        let line = line(Level::Warning, self.logger, &message.into(), Map::new());
        if !offer(outlet, line) {
            self.dropped.fetch_add(dropped, Ordering::Relaxed);
        }
    }

    fn line(&self, record: &LogRecord) -> Vec<u8> {
        let mut fields = record.attributes.clone();
        // What the client knows.
        for key in [PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION] {
            fields.remove(key);
        }
        fields.values_mut().for_each(scrub);
        let mut message = record.body.clone();
        scrub(&mut message);
        line(Level::of(record.severity), self.logger, &message, fields)
    }
}

/// The notification. Its data is what clients show, mostly as JSON: the message first.
fn line(level: Level, logger: &str, message: &Value, fields: Map<String, Value>) -> Vec<u8> {
    let (level, logger) = (level.name(), Value::from(logger));
    let fields = match fields.is_empty() {
        true => String::new(),
        false => format!(",\"fields\":{}", Value::from(fields)),
    };
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"level\":\"{level}\",\"logger\":{logger},\"data\":{{\"message\":{message}{fields}}}}}}}\n"
    )
    .into_bytes()
}

/// Whether there was room for the line.
fn offer(outlet: &Arc<dyn Outlet>, line: Vec<u8>) -> bool {
    match outlet.output().offer(line) {
        // Whoever logs does not write: a client that reads slowly would hold it up.
        Some(true) => Arc::clone(outlet).flush_soon(),
        Some(false) => {}
        None => return false,
    }
    true
}

/// Cuts the secrets of the config out of all texts in it.
fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => *text = secrets::scrub(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(members) => members.values_mut().for_each(scrub),
        _ => {}
    }
}

/// Takes what loggers say to the client, beside the subscriber that writes it to stderr.
struct View {
    shown: Arc<Shown>,
    /// Absent: what the session says at the moment.
    level: Option<Level>,
    under: Dispatch,
}

impl View {
    /// From which level on records are wanted.
    fn least(&self) -> Option<Level> {
        let of_session = || {
            let place = self.shown.of_session.load(Ordering::Relaxed);
            LEVELS.get(usize::from(place)).copied()
        };
        self.level.or_else(of_session)
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let most = Level::most(*metadata.level());
        metadata.target() == TARGET && self.least().is_some_and(|least| most >= least)
    }
}

impl Subscriber for View {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            self.under.register_callsite(metadata)
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata) || self.under.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // An author's own subscriber may want anything.
        let under = log::most(&self.under)?;
        let own = self.least().map(Level::least_of_tracing);
        Some(own.map_or(under, |own| under.max(LevelFilter::from_level(own))))
    }

    fn event(&self, event: &Event<'_>) {
        if self.under.enabled(event.metadata()) {
            self.under.event(event);
        }
        if self.wants(event.metadata()) {
            let record = LogRecord::from_event(event);
            let level = Level::of(record.severity);
            if self.least().is_some_and(|least| level >= least) {
                self.shown.offer(&record);
            }
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.under.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.under.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.under.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.under.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.under.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.under.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.under.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.under.current_span()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::outlet::tests::Nowhere;
    use super::*;

    #[test]
    fn a_notification_has_message_and_fields() {
        let shown = Shown {
            outlet: Weak::<Nowhere>::new(),
            logger: "a \"b\"",
            of_session: AtomicU8::new(OFF),
            dropped: AtomicUsize::new(0),
        };
        let mut record =
            LogRecord::new(dagstack_plugin_core::logging::Severity::WARN, "two\nlines");
        record.attributes.insert("pages".to_owned(), json!(3));
        record.attributes.insert(PLUGIN_NAME.to_owned(), json!("b"));
        let line = shown.line(&record);
        assert!(dagstack_engine::wire::is_one_line(&line));
        let message: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            message,
            json!({
                "jsonrpc": "2.0", "method": "notifications/message",
                "params": {
                    "level": "warning", "logger": "a \"b\"",
                    "data": { "message": "two\nlines", "fields": { "pages": 3 } },
                },
            })
        );
        let bare = line_of(json!({ "n": 1 }));
        assert_eq!(bare["params"]["data"], json!({ "message": { "n": 1 } }));
    }

    fn line_of(message: Value) -> Value {
        serde_json::from_slice(&line(Level::Info, "x", &message, Map::new())).unwrap()
    }
}
