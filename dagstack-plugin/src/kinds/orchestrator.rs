//! The kind `orchestrator`: who runs units of work, and when.

use serde_json::{Map, Value};

use crate::{data, kind};

/// Runs plugins' units of work, now or later, and knows how each is.
///
/// It lives in the host, which has one: so its hooks are singletons, and none is an MCP tool, since
/// there is no other process that could offer it.
#[kind(
    name = "orchestrator",
    version = "1.0.0",
    description = "Runs plugins' units of work, now or later, and knows how each is.",
    constraints = ["in_process_only", "one_per_runtime"]
)]
pub trait Orchestrator {
    /// Accepts a unit of work.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn enqueue(
        &self,
        /// The plugin that does it.
        plugin_name: String,
        /// What it is given.
        args: Map<String, Value>,
        /// A unit with the same key is not run again.
        idempotency_key: Option<String>,
        /// Units with the same key run one after the other.
        partition_key: Option<String>,
    ) -> Enqueued;

    /// Says how a unit is.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn status(
        &self,
        /// The unit.
        unit_id: String,
    ) -> UnitStatus;

    /// Runs units again that ran before, or should have. A condition that is left out holds for all.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn backfill(
        &self,
        /// Those of this plugin.
        plugin_name: Option<String>,
        /// Those of this partition.
        partition_key: Option<String>,
        /// Those from then on, RFC 3339.
        #[schemars(extend("format" = "date-time"))]
        since: Option<String>,
        /// Those before then, RFC 3339.
        #[schemars(extend("format" = "date-time"))]
        until: Option<String>,
        /// Those in one of these states.
        states: Option<Vec<UnitState>>,
    ) -> Backfilled;
}

/// The answer to `enqueue`.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// The unit: the one of the same idempotency key, where there is one.
    pub unit_id: String,
    /// Whether it was there before.
    pub deduplicated: bool,
}

/// How a unit is.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct UnitStatus {
    /// The unit.
    pub unit_id: String,
    /// Its state.
    pub state: UnitState,
    /// When it began, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub finished_at: Option<String>,
    /// How far it is, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The state of a unit.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Waits.
    Queued,
    /// Runs.
    Running,
    /// Has a result.
    Succeeded,
    /// Has an error.
    Failed,
    /// Was given up.
    Cancelled,
    /// Waited too long.
    Expired,
}

/// The answer to `backfill`.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfilled {
    /// How many units were accepted.
    pub enqueued_count: u64,
    /// How many were left alone.
    pub skipped_count: u64,
}
