//! Log records on stderr, as JSON lines. The guard's pipe stands behind it, so they never make a hook
//! wait.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Metadata};
use tracing_core::span::Current;
use tracing_subscriber::layer::SubscriberExt;

use crate::declaration::Declaration;
use crate::logging::JsonLines;

/// Starts logging: `DAGSTACK_LOG`, else `RUST_LOG`, may hold one level (`error` … `trace`, `off`).
pub(super) fn start(declaration: &'static Declaration) {
    let level = ["DAGSTACK_LOG", "RUST_LOG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find_map(|word| word.trim().parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    // The MCP SDK reports every session and message at `info`.
    let sdk = if level >= LevelFilter::DEBUG {
        level
    } else {
        level.min(LevelFilter::ERROR)
    };
    // An author's own subscriber, set earlier, stays.
    let _ = tracing::subscriber::set_global_default(Log {
        level,
        sdk,
        declaration,
        lines: OnceLock::new(),
    });
}

/// Writes lines; what does the writing is made for the first one. Most runs log nothing, and its
/// tables alone are a tenth of the pages a starting plugin touches of its own.
struct Log {
    level: LevelFilter,
    /// For what the MCP SDK says.
    sdk: LevelFilter,
    declaration: &'static Declaration,
    lines: OnceLock<Box<dyn Subscriber + Send + Sync>>,
}

impl Log {
    fn lines(&self) -> &(dyn Subscriber + Send + Sync) {
        &**self.lines.get_or_init(|| {
            let lines = JsonLines::new(std::io::stderr).of_plugin(self.declaration);
            Box::new(tracing_subscriber::registry().with(lines))
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
        let limit = if metadata.target().starts_with("rmcp") {
            self.sdk
        } else {
            self.level
        };
        *metadata.level() <= limit
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
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
