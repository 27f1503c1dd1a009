//! [`Health`] and [`Released`]: how a plugin is, and what its teardown left.

use serde::{Deserialize, Serialize};

/// How a plugin is, as `#[health]` returns it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Health {
    /// All is well.
    #[default]
    Healthy,
    /// The plugin works, but not as it should.
    Degraded {
        /// Why.
        reason: String,
    },
    /// The plugin cannot work.
    Unhealthy {
        /// Why.
        reason: String,
    },
}

impl Health {
    /// The plugin works, but not as it should.
    pub fn degraded(reason: impl Into<String>) -> Self {
        Self::Degraded {
            reason: reason.into(),
        }
    }

    /// The same with its reason, if it has one, as `reason` has it.
    #[doc(hidden)]
    #[must_use]
    pub fn with_reason(self, reword: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Healthy => Self::Healthy,
            Self::Degraded { reason } => Self::degraded(reword(&reason)),
            Self::Unhealthy { reason } => Self::unhealthy(reword(&reason)),
        }
    }

    /// The plugin cannot work.
    pub fn unhealthy(reason: impl Into<String>) -> Self {
        Self::Unhealthy {
            reason: reason.into(),
        }
    }
}

/// Whether a teardown gave everything back (plugin specification, §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Released {
    /// Everything; the plugin may be set up again in this process.
    #[default]
    All,
    /// Something stays; only a new process can set the plugin up again.
    RequiresRestart,
}
