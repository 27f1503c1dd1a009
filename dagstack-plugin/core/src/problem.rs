//! [`Problem`]: one mistake in a config or in arguments, with its full path.

use std::fmt::{self, Write};

use serde::Serialize;
use serde_json::Value;

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

/// A key that would be misread in a dotted path is quoted: `["a.b"]`.
pub fn push_key(path: &mut String, key: &str) {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '/' | ':'));
    if plain && key.len() <= 200 {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        let shown: String = key.chars().take(60).collect();
        let dots = if shown.len() < key.len() { "…" } else { "" };
        let _ = write!(path, "[{}]", Value::from(format!("{shown}{dots}")));
    }
}
