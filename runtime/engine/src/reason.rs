//! [`Reason`]: why a plugin is in the state it is in.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Why a plugin is in the state it is in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// A stable code in snake_case: that of the error, e.g. `config_invalid`.
    pub code: String,
    /// What happened, and how to mend it. It quotes no secrets.
    pub message: String,
    /// The structured part of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl Reason {
    /// A reason without details.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            details: None,
        }
    }

    /// The same with the structured part of the error.
    #[must_use]
    pub fn with_details(mut self, details: Option<Value>) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
