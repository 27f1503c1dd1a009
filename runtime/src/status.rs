//! What a host can say about its plugins: [`State`], [`PluginStatus`], [`SetupReport`].

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use dagstack_plugin::Health;
use serde::Serialize;
use serde_json::Value;

use crate::error::PluginRegistryError;

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
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            details: None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

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

/// What [`Registry::setup_all`](crate::Registry::setup_all) did. Its `Display` is a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
#[must_use = "a plugin that failed is only reported here; `.ok()?` makes that an error"]
pub struct SetupReport {
    /// Every plugin, in the order of the setup; those that never had a chance come last.
    pub plugins: Vec<PluginStatus>,
    /// What is not wrong, but looks like a mistake.
    pub warnings: Vec<String>,
}

impl SetupReport {
    /// Whether every plugin is ready.
    pub fn all_ready(&self) -> bool {
        self.plugins.iter().all(|plugin| plugin.state.is_callable())
    }

    /// An error unless every plugin is ready; for hosts that need all of theirs:
    ///
    /// ```
    /// # async fn main_of_a_host() -> Result<(), dagstack_runtime::PluginRegistryError> {
    /// let registry = dagstack_runtime::Registry::builder().linked().build()?;
    /// registry.setup_all().await.ok()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `SetupIncomplete`, which lists the plugins that are not ready, each with its reason.
    pub fn ok(self) -> Result<(), PluginRegistryError> {
        let failed: Vec<PluginStatus> = self.failed().cloned().collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(PluginRegistryError::SetupIncomplete {
                failed,
                all: self.plugins.len(),
            }),
        }
    }

    /// The plugins that are not ready.
    pub fn failed(&self) -> impl Iterator<Item = &PluginStatus> {
        self.plugins
            .iter()
            .filter(|plugin| !plugin.state.is_callable())
    }

    /// The line of one plugin.
    pub fn get(&self, kind: &str, name: &str) -> Option<&PluginStatus> {
        self.plugins
            .iter()
            .find(|plugin| plugin.kind.as_deref() == Some(kind) && plugin.name == name)
    }
}

impl fmt::Display for SetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 3]> = self
            .plugins
            .iter()
            .map(|plugin| {
                [
                    plugin.full_name(),
                    plugin.runtime.clone().unwrap_or_else(|| "-".to_owned()),
                    plugin.state.to_string(),
                ]
            })
            .collect();
        let width = |column: usize, title: &str| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .chain([title.len()])
                .max()
                .unwrap_or_default()
        };
        let (first, second, third) = (width(0, "plugin"), width(1, "runtime"), width(2, "state"));
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 4]| {
            let text = format!(
                "{:first$}  {:second$}  {:third$}  {}",
                cells[0], cells[1], cells[2], cells[3]
            );
            writeln!(f, "{}", text.trim_end())
        };
        line(f, ["plugin", "runtime", "state", "reason"])?;
        for (row, plugin) in rows.iter().zip(&self.plugins) {
            let reason = plugin.state.reason().map(|reason| reason.message.as_str());
            let mut lines = reason.unwrap_or_default().lines();
            line(
                f,
                [&row[0], &row[1], &row[2], lines.next().unwrap_or_default()],
            )?;
            for more in lines {
                line(f, ["", "", "", more])?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
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
    fn a_report_is_a_table() {
        let report = SetupReport {
            plugins: vec![
                status("fixed", State::Ready),
                status(
                    "late",
                    State::Unavailable(Reason::new("setup_failed", "one\ntwo")),
                ),
            ],
            warnings: vec!["look here".to_owned()],
        };
        assert_eq!(
            report.to_string(),
            "plugin         runtime     state        reason\n\
             chunker.fixed  in_process  ready\n\
             chunker.late   in_process  unavailable  one\n\
             \x20                                       two\n\
             warning: look here\n"
        );
        assert!(!report.all_ready());
        assert_eq!(report.failed().count(), 1);
        let error = report.clone().ok().unwrap_err();
        assert_eq!(error.code(), "setup_incomplete");
        assert_eq!(
            error.to_string(),
            "1 of 2 plugins are not ready:\n  `chunker.late`: one\n  two"
        );
        let well = SetupReport {
            plugins: vec![status("fixed", State::Ready)],
            ..report
        };
        assert!(well.ok().is_ok());
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
