//! [`Problem`]: one mistake in a config or in arguments, with its full path.

use std::fmt;

use serde::Serialize;

/// One mistake in a config or in the arguments of a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The full dotted path, e.g. `chunker.fixed.max_size` or `tool.text-stats.top.n`.
    pub path: String,
    /// What is wrong, and how to mend it. Values under secret names are masked.
    pub problem: String,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
            expected: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.problem)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        Ok(())
    }
}
