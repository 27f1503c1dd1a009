//! What a host can say about a plugin: [`State`], [`PluginStatus`].

use dagstack_engine::Reason;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use dagstack_plugin::Health;
use serde::Serialize;

/// The state of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Known, not set up yet, or torn down again.
    Registered,
    /// Set up; its hooks can be called.
    Ready,
    /// Set up and callable, but not well.
    Degraded(Reason),
    /// Not callable.
    Unavailable(Reason),
    /// Torn down, but parts of it live on: its teardown did not end in time, or typed handles keep
    /// its value. In the second case it is `registered` once they are dropped.
    Leaked,
    /// Torn down, but only a new process can set it up again.
    RequiresRestart,
}

impl State {
    /// Whether hooks can be called.
    pub fn is_callable(&self) -> bool {
        matches!(self, Self::Ready | Self::Degraded(_))
    }

    /// The state's name in snake_case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Ready => "ready",
            Self::Degraded(_) => "degraded",
            Self::Unavailable(_) => "unavailable",
            Self::Leaked => "leaked",
            Self::RequiresRestart => "requires_restart",
        }
    }

    /// Why, where the state has a reason.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Degraded(reason) | Self::Unavailable(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the last health check of a plugin found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LastHealth {
    /// What it found.
    #[serde(flatten)]
    pub health: Health,
    /// When, in nanoseconds since 1970.
    pub time_unix_nano: u64,
}

impl LastHealth {
    pub(crate) fn new(health: Health, at: SystemTime) -> Self {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            health,
            time_unix_nano: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// One line of [`Registry::status`](crate::Registry::status).
///
/// As JSON it is flat, and every key but `reason` is always there:
///
/// ```json
/// {
///   "kind": "chunker", "name": "fixed", "runtime": "mcp_stdio", "version": "0.1.0",
///   "state": "degraded",
///   "reason": { "code": "unhealthy", "message": "the disk is full" },
///   "last_error": { "code": "unhealthy", "message": "the disk is full" },
///   "capabilities": ["pii_handling"], "priority": 50, "pid": 4711,
///   "origin": "/srv/plugins/fixed/dagstack.toml",
///   "content_hash": "sha256:9f86d0…", "trusted": true,
///   "generation": 2, "restarts": 1,
///   "last_health": { "status": "unhealthy", "reason": "the disk is full", "time_unix_nano": 1767225600000000000 }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PluginStatus {
    /// The kind; absent where the manifest cannot be read.
    pub kind: Option<String>,
    /// The name; the folder's, where the manifest cannot be read.
    pub name: String,
    /// Where it runs: `in_process`, `mcp_stdio` or `mcp_http`.
    pub runtime: Option<String>,
    /// The version of its package; an executable without a manifest says it when it runs.
    pub version: Option<String>,
    /// The state, with its reason.
    #[serde(flatten)]
    pub state: State,
    /// The last error of its lifecycle or health, which may be over by now.
    pub last_error: Option<Reason>,
    /// Its capabilities: security and routing labels.
    pub capabilities: Vec<String>,
    /// Higher goes first.
    pub priority: u32,
    /// The process it runs in, if that is not the host's.
    pub pid: Option<u32>,
    /// Where the host has it from: a Rust type, a manifest or a command.
    pub origin: String,
    /// `sha256:…` of the program that `command[0]` names, for a plugin that runs as a process or has
    /// workers; known shortly after the start. For a script that is run by an interpreter, it is the interpreter's.
    pub content_hash: Option<String>,
    /// Whether its maintainer is among the trusted publishers; `null` where the host names none.
    pub trusted: Option<bool>,
    /// How many instances of it there have been.
    pub generation: u64,
    /// How often its process was started again after it ended by itself.
    pub restarts: u32,
    /// What the last health check of this instance found.
    pub last_health: Option<LastHealth>,
}

impl PluginStatus {
    /// Of a manifest that cannot be read.
    pub(crate) fn broken(name: String, origin: String, reason: Reason) -> Self {
        Self {
            kind: None,
            name,
            runtime: None,
            version: None,
            state: State::Unavailable(reason.clone()),
            last_error: Some(reason),
            capabilities: Vec::new(),
            priority: 0,
            pid: None,
            origin,
            content_hash: None,
            trusted: None,
            generation: 0,
            restarts: 0,
            last_health: None,
        }
    }

    /// `kind.name`.
    pub fn full_name(&self) -> String {
        match &self.kind {
            Some(kind) => format!("{kind}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(name: &str, state: State) -> PluginStatus {
        PluginStatus {
            kind: Some("chunker".to_owned()),
            runtime: Some("in_process".to_owned()),
            state,
            ..PluginStatus::broken(name.to_owned(), "linked".to_owned(), Reason::new("", ""))
        }
    }

    #[test]
    fn a_status_serialises_flat() {
        let value = serde_json::to_value(status(
            "fixed",
            State::Unavailable(Reason::new("setup_failed", "no")),
        ))
        .unwrap();
        assert_eq!(value["state"], "unavailable");
        assert_eq!(
            value["reason"],
            json!({ "code": "setup_failed", "message": "no" })
        );
        let keys = [
            "kind",
            "name",
            "runtime",
            "version",
            "state",
            "last_error",
            "capabilities",
        ];
        let more = [
            "priority",
            "pid",
            "origin",
            "content_hash",
            "trusted",
            "generation",
        ];
        for key in keys.iter().chain(&more).chain(&["restarts", "last_health"]) {
            assert!(value.get(key).is_some(), "{key}");
        }
        let health = LastHealth::new(Health::degraded("slow"), UNIX_EPOCH);
        assert_eq!(
            serde_json::to_value(health).unwrap(),
            json!({ "status": "degraded", "reason": "slow", "time_unix_nano": 0 })
        );
    }
}
