//! The levels of MCP's log view: those of RFC 5424, where the records of plugins have severities of
//! OpenTelemetry.

use std::borrow::Cow;

use dagstack_plugin_core::logging::Severity;

/// How much a record in a client's log view matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

pub(super) const LEVELS: [Level; 8] = [
    Level::Debug,
    Level::Info,
    Level::Notice,
    Level::Warning,
    Level::Error,
    Level::Critical,
    Level::Alert,
    Level::Emergency,
];

impl Level {
    /// Its name in MCP.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    /// From JSON text; an error says what is wrong with it.
    pub(super) fn read(json: &str) -> Result<Self, String> {
        let name = serde_json::from_str::<Cow<'_, str>>(json).ok();
        let level = LEVELS
            .into_iter()
            .find(|level| Some(level.name()) == name.as_deref());
        level.ok_or_else(|| {
            let names = LEVELS.map(Self::name);
            // No more is shown than a level could be.
            let found: String = json.chars().take(40).collect();
            let guess = dagstack_plugin_core::did_you_mean(dagstack_plugin_core::suggest(
                found.trim_matches('"'),
                names,
            ));
            format!(
                "unknown level {found}{guess}; expected one of {}",
                names.join(", ")
            )
        })
    }

    /// The level of a severity, as OpenTelemetry maps them to syslog's.
    pub(super) fn of(severity: Severity) -> Self {
        match severity.number() {
            ..=8 => Self::Debug,
            9 => Self::Info,
            10..=12 => Self::Notice,
            13..=16 => Self::Warning,
            17 => Self::Error,
            18 => Self::Critical,
            19..=20 => Self::Alert,
            21.. => Self::Emergency,
        }
    }

    /// The highest that a record may have which `tracing` sees at this level.
    pub(super) fn most(level: tracing::Level) -> Self {
        match level {
            tracing::Level::TRACE | tracing::Level::DEBUG => Self::Debug,
            tracing::Level::INFO => Self::Notice,
            tracing::Level::WARN => Self::Warning,
            tracing::Level::ERROR => Self::Emergency,
        }
    }

    /// At which level `tracing` sees the least of its records.
    pub(super) fn least_of_tracing(self) -> tracing::Level {
        match self {
            Self::Debug => tracing::Level::TRACE,
            Self::Info | Self::Notice => tracing::Level::INFO,
            Self::Warning => tracing::Level::WARN,
            _ => tracing::Level::ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_by_their_names() {
        for level in LEVELS {
            assert_eq!(Level::read(&format!("\"{}\"", level.name())), Ok(level));
        }
        for (json, says) in [
            ("\"warn\"", "did you mean `warning`?"),
            ("7", "unknown level 7"),
            ("\"INFO\"", "expected one of debug, info"),
            ("null", "unknown level null"),
        ] {
            let problem = Level::read(json).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        }
    }

    /// What is asked of `tracing` never hides a record that is wanted.
    #[test]
    fn every_severity_is_within_its_level_of_tracing() {
        for number in 1..=24 {
            let severity = Severity::new(number).unwrap();
            let level = Level::of(severity);
            assert!(level <= Level::most(severity.level()), "{number}");
            assert!(severity.level() <= level.least_of_tracing(), "{number}");
        }
        let named = [
            (Severity::TRACE, Level::Debug),
            (Severity::INFO, Level::Info),
            (Severity::WARN, Level::Warning),
            (Severity::ERROR, Level::Error),
            (Severity::FATAL, Level::Emergency),
        ];
        for (severity, level) in named {
            assert_eq!(Level::of(severity), level);
        }
    }
}
