//! What a plugin logs, taken down as values.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

use crate::Declaration;
use crate::logging::{EVENT_NAME, FORWARDED_TARGET, JsonLines, LogRecord, TARGET};
use crate::sync::lock;

/// What is taken down, for an executable: see [`filter`].
pub(super) const DIRECTIVES: (&str, &str) = ("DAGSTACK_LOG", "info,dagstack.plugin=trace");

/// What is taken down: all that the plugin's loggers log, of the rest what matters to most.
fn filter() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(TARGET, LevelFilter::TRACE)
}

/// The records of one plugin, in the order they came.
#[derive(Clone, Default)]
pub(super) struct Logs(Arc<Mutex<Vec<LogRecord>>>);

impl Logs {
    pub(super) fn records(&self) -> Vec<LogRecord> {
        lock(&self.0).clone()
    }

    fn push(&self, record: LogRecord) {
        lock(&self.0).push(record);
    }

    /// What a linked plugin logs to. Its records are written and read as those of an executable are, so
    /// that they are the same.
    pub(super) fn of_linked(&self, declaration: &'static Declaration) -> Dispatch {
        let lines = JsonLines::new(self.clone()).of_plugin(declaration);
        dispatch(registry().with(filter()).with(lines))
    }

    /// What the end of a connection to an executable logs to.
    pub(super) fn of_executable(&self) -> Dispatch {
        let forwarded = Targets::new().with_target(FORWARDED_TARGET, LevelFilter::TRACE);
        dispatch(registry().with(forwarded).with(Forwarded(self.clone())))
    }
}

/// A subscriber for some threads of many.
fn dispatch(subscriber: impl Subscriber + Send + Sync) -> Dispatch {
    // `tracing` caches who wants an event. Where there is one subscriber, it asks that of the thread
    // which comes by first, and believes it for all threads; where there are two, it asks them all.
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
    Dispatch::new(subscriber)
}

/// Reads the lines of a linked plugin.
impl io::Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(line).unwrap_or_default();
        if let Some(record) = LogRecord::from_json(text) {
            self.push(record);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Takes down the records that an executable wrote to its standard error, and shows its other lines.
struct Forwarded(Logs);

impl<S: Subscriber> Layer<S> for Forwarded {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut record = LogRecord::from_event(event);
        if event.metadata().name() == EVENT_NAME {
            record.observed_time_unix_nano = None;
            self.0.push(record);
        } else if let Some(line) = record.body.as_str() {
            eprintln!("{line}");
        }
    }
}
