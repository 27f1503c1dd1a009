//! What is logged: the directives of the environment.

use std::ffi::OsString;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is logged.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) targets: Targets,
    /// The most that any target logs.
    pub(super) most: LevelFilter,
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
    pub(super) fn read(text: &OsString) -> (Self, Vec<String>) {
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
            // An empty level parses as `error`.
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
        // Directives for some targets turn the others down, but not their errors.
        let others = others.unwrap_or(match named.is_empty() {
            true => LevelFilter::INFO,
            false => LevelFilter::ERROR,
        });
        (Self::new(others, named), problems)
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
