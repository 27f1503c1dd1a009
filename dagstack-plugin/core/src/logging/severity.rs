//! [`Severity`]: how much a record matters.

use std::fmt;

use tracing::Level;

/// The severity of a record: OTel's numbers, 1 to 24, of which the logger specification uses six.
///
/// ```
/// use dagstack_plugin::Severity;
///
/// assert_eq!(Severity::WARN.number(), 13);
/// assert_eq!(Severity::new(14).unwrap().text(), "WARN");
/// assert_eq!(Severity::new(25), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Severity(u8);

impl Severity {
    /// 1.
    pub const TRACE: Self = Self(1);
    /// 5.
    pub const DEBUG: Self = Self(5);
    /// 9.
    pub const INFO: Self = Self(9);
    /// 13.
    pub const WARN: Self = Self(13);
    /// 17.
    pub const ERROR: Self = Self(17);
    /// 21. `tracing` has no such level: it sees an error.
    pub const FATAL: Self = Self(21);

    /// The severity of that number, if it is one.
    pub const fn new(number: u8) -> Option<Self> {
        match number {
            1..=24 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// One of the six words.
    pub const fn text(self) -> &'static str {
        match self.0 {
            ..=4 => "TRACE",
            5..=8 => "DEBUG",
            9..=12 => "INFO",
            13..=16 => "WARN",
            17..=20 => "ERROR",
            21.. => "FATAL",
        }
    }

    /// The level at which `tracing` sees it.
    pub const fn level(self) -> Level {
        match self.0 {
            ..=4 => Level::TRACE,
            5..=8 => Level::DEBUG,
            9..=12 => Level::INFO,
            13..=16 => Level::WARN,
            17.. => Level::ERROR,
        }
    }
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::TRACE => Self::TRACE,
            Level::DEBUG => Self::DEBUG,
            Level::INFO => Self::INFO,
            Level::WARN => Self::WARN,
            Level::ERROR => Self::ERROR,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl fmt::Debug for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text(), self.0)
    }
}
