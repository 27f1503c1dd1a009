//! Log records on stderr, as lines. The guard's pipe stands behind it, so they never make a hook
//! wait.

use std::io::Write as _;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Metadata};
use tracing_core::span::Current;
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use super::log_filter::Filter;
use super::log_format::{JsonText, LogFormat, TextLines};
use dagstack_engine::logging::JsonLines;
use dagstack_plugin_core::declaration::Declaration;

/// The variables that say what is logged; the first that is set counts.
const VARIABLES: [&str; 2] = ["DAGSTACK_LOG", "RUST_LOG"];

/// Starts logging what [`VARIABLES`] say, records of the `log` crate included. What cannot be read of
/// them is told on stderr.
///
/// `plugin`: whose records they are, where there is one only.
pub(super) fn start(plugin: Option<&'static Declaration>, format: LogFormat) {
    let set = VARIABLES.iter().find_map(|&name| {
        let text = std::env::var_os(name).filter(|text| !text.is_empty())?;
        Some((name, text))
    });
    let filter = match set {
        None => Filter::default(),
        Some((name, text)) => {
            let (filter, problems) = Filter::read(&text);
            for problem in problems {
                let _ = writeln!(std::io::stderr(), "warning: `{name}`: {problem}");
            }
            filter
        }
    };
    let most = filter.most;
    // An author's own subscriber and logger, set earlier, stay.
    let _ = tracing::subscriber::set_global_default(Log {
        filter,
        format,
        plugin,
        lines: OnceLock::new(),
    });
    let _ = LogTracer::builder().with_max_level(most.as_log()).init();
}

/// The most that a subscriber of ours writes; `None` for another's.
pub(super) fn most(subscriber: &Dispatch) -> Option<LevelFilter> {
    subscriber.downcast_ref::<Log>().map(|log| log.filter.most)
}

/// Writes lines; what does the writing is made for the first one. Most runs log nothing, and its
/// tables alone are a tenth of the pages a starting plugin touches of its own.
struct Log {
    filter: Filter,
    format: LogFormat,
    plugin: Option<&'static Declaration>,
    lines: OnceLock<Box<dyn Subscriber + Send + Sync>>,
}

impl Log {
    fn writing<W>(&self, writer: W) -> Box<dyn Subscriber + Send + Sync>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let lines = JsonLines::new(writer);
        let lines = match self.plugin {
            Some(plugin) => lines.of_plugin(plugin),
            None => lines,
        };
        Box::new(tracing_subscriber::registry().with(lines))
    }

    fn lines(&self) -> &(dyn Subscriber + Send + Sync) {
        &**self.lines.get_or_init(|| match self.format {
            LogFormat::Json => self.writing(JsonText),
            LogFormat::Text { colours } => self.writing(TextLines { colours }),
        })
    }
}

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter
            .targets
            .would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.most)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.lines().new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.lines().record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.lines().record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.lines().event(event);
    }

    fn enter(&self, span: &Id) {
        self.lines().enter(span);
    }

    fn exit(&self, span: &Id) {
        self.lines().exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.lines().clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.lines().try_close(id)
    }

    fn current_span(&self) -> Current {
        self.lines
            .get()
            .map_or_else(Current::none, |lines| lines.current_span())
    }
}
