//! Log records on stderr, as JSON lines. The guard's pipe stands behind it, so they never make a hook
//! wait.

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Metadata};
use tracing_core::span::Current;
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::logging::JsonLines;

/// The variables that say what is logged; the first that is set counts.
const VARIABLES: [&str; 2] = ["DAGSTACK_LOG", "RUST_LOG"];

/// Starts logging what [`VARIABLES`] say, records of the `log` crate included. What cannot be read of
/// them is told on stderr.
pub(super) fn start(declaration: &'static Declaration) {
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
        declaration,
        lines: OnceLock::new(),
    });
    let _ = LogTracer::builder().with_max_level(most.as_log()).init();
}

/// What is logged.
#[derive(Debug)]
struct Filter {
    targets: Targets,
    /// The most that any target logs.
    most: LevelFilter,
}

impl Default for Filter {
    fn default() -> Self {
        Self::new(LevelFilter::INFO, Vec::new())
    }
}

impl Filter {
    fn new(others: LevelFilter, mut named: Vec<(String, LevelFilter)>) -> Self {
        // The MCP SDK reports every session and message at `info`.
        if others < LevelFilter::DEBUG && !named.iter().any(|(it, _)| it.starts_with("rmcp")) {
            named.push(("rmcp".to_owned(), others.min(LevelFilter::ERROR)));
        }
        let most = named.iter().map(|(_, level)| *level).max();
        Self {
            most: most.map_or(others, |most| most.max(others)),
            targets: Targets::new().with_default(others).with_targets(named),
        }
    }

    /// Reads directives, `target=level` or a level for the other targets, separated by commas; and
    /// says what is wrong with those that are none.
    fn read(text: &OsString) -> (Self, Vec<String>) {
        let (mut others, mut named, mut problems) = (None, Vec::new(), Vec::new());
        for directive in text.to_string_lossy().split(',').map(str::trim) {
            let (target, level) = match directive.split_once('=') {
                _ if directive.is_empty() => continue,
                Some((target, level)) => (target.trim(), level.trim()),
                None if directive.parse::<LevelFilter>().is_ok() => ("", directive),
                None => {
                    if let Some(level) = dagstack_plugin_core::suggest(directive, LEVELS) {
                        problems.push(format!(
                            "`{directive}` is taken for a target; the level is written `{level}`"
                        ));
                    }
                    (directive, "trace")
                }
            };
            let is_target = |c: char| !c.is_whitespace() && !"[]{}\"\u{fffd}".contains(c);
            // Of errors, tracing would read an empty level.
            match level.parse::<LevelFilter>() {
                Ok(level_read) if !level.is_empty() && target.chars().all(is_target) => {
                    if target.is_empty() {
                        others = Some(level_read);
                    } else {
                        named.push((target.to_owned(), level_read));
                    }
                }
                _ => problems.push(format!(
                    "left out `{directive}`: expected `target=level` or a level, one of {}",
                    LEVELS.join(", ")
                )),
            }
        }
        // Who names some targets wants those; what went wrong elsewhere is told all the same.
        let others = others.unwrap_or(match named.is_empty() {
            true => LevelFilter::INFO,
            false => LevelFilter::ERROR,
        });
        (Self::new(others, named), problems)
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Writes lines; what does the writing is made for the first one. Most runs log nothing, and its
/// tables alone are a tenth of the pages a starting plugin touches of its own.
struct Log {
    filter: Filter,
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
        let targets = &self.filter.targets;
        targets.would_enable(metadata.target(), metadata.level())
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn logs(text: &str, target: &str) -> Option<Level> {
        let filter = Filter::read(&text.into()).0;
        let levels = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ];
        let logged = levels
            .into_iter()
            .find(|it| filter.targets.would_enable(target, it));
        assert!(logged.is_none_or(|level| filter.most >= level));
        logged
    }

    #[test]
    fn b17_directives_say_what_is_logged() {
        let text = "my_plugin=debug,hyper=warn,info";
        assert_eq!(logs(text, "my_plugin::inner"), Some(Level::DEBUG));
        assert_eq!(logs(text, "hyper::client"), Some(Level::WARN));
        assert_eq!(logs(text, "another"), Some(Level::INFO));
        assert_eq!(logs(text, "rmcp::service"), Some(Level::ERROR));
        assert_eq!(logs("rmcp=info", "rmcp::service"), Some(Level::INFO));
        assert_eq!(logs(" my_plugin = trace ", "my_plugin"), Some(Level::TRACE));
        assert_eq!(logs("my_plugin=trace", "another"), Some(Level::ERROR));
        assert_eq!(logs("my_plugin", "my_plugin"), Some(Level::TRACE));
        assert_eq!(logs("debug", "rmcp"), Some(Level::DEBUG));
        assert_eq!(logs("off", "another"), None);
        assert_eq!(logs(",", "another"), Some(Level::INFO));
    }

    #[test]
    fn b17_what_is_no_directive_is_told_and_left_out() {
        let problems = |text: &str| Filter::read(&text.into()).1;
        for text in ["a=wran", "a=", "a[span]=debug", "a b=info", "a=b=c"] {
            assert_eq!(problems(text).len(), 1, "{text}");
            assert_eq!(logs(text, "another"), Some(Level::INFO), "{text}");
            assert_eq!(logs(&format!("{text},warn"), "another"), Some(Level::WARN));
        }
        assert!(problems("debgu")[0].contains("written `debug`"));
        assert!(problems("my_plugin=debug,hyper=warn,info").is_empty());
    }
}
