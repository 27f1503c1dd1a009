//! A plugin whose config has every kind of key.

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::{Value, json};

/// Where the data is, and how much of it is shown.
#[data]
#[derive(Clone, Debug)]
pub struct Config {
    /// The path of the database file.
    pub database: String,
    /// What the server asks for.
    pub api_key: Option<Secret<String>>,
    /// How queries are run.
    #[serde(default)]
    pub mode: Mode,
    /// Bounds of an answer.
    #[serde(default)]
    pub limits: Limits,
    /// What tables are called by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Sent with every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Seconds.
    #[serde(rename = "time-out", default)]
    pub time_out: Option<f64>,
    /// The old name of nothing.
    #[serde(default, alias = "colour")]
    pub color: bool,
    /// What the pool does.
    #[serde(flatten)]
    pub pool: Pool,
}

/// Bounds of an answer.
#[data]
#[derive(Clone, Debug)]
#[serde(default)]
pub struct Limits {
    /// How many rows an answer has at most.
    #[schemars(range(min = 1, max = 1000))]
    pub rows: u32,
    /// Bytes.
    pub bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 100,
            bytes: None,
        }
    }
}

/// How queries are run.
#[data]
#[derive(Clone, Copy, Debug, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is written.
    #[default]
    ReadOnly,
    /// Anything goes.
    ReadWrite,
}

/// What the pool does.
#[data]
#[derive(Clone, Debug)]
pub struct Pool {
    /// How many connections there are.
    #[serde(default)]
    pub connections: u8,
}

/// Tells its config.
#[derive(Debug)]
pub struct Sql(Config);

/// Answers with its config.
#[plugin(kind = "tool", name = "sql")]
impl Sql {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        eprintln!("SETUP");
        Ok(Self(ctx.config().clone()))
    }

    /// The config, and whether there is a key.
    #[hook]
    fn config(&self) -> Value {
        let config = &self.0;
        json!({
            "database": config.database,
            "key": config.api_key.as_ref().map(|key| key.expose().len()),
            "mode": config.mode,
            "limits": config.limits,
            "tags": config.tags,
            "headers": config.headers,
            "time_out": config.time_out,
            "color": config.color,
            "connections": config.pool.connections,
            "folder": std::path::absolute(&config.database).ok(),
        })
    }

    /// Needs a number.
    #[hook]
    fn rows(
        &self,
        /// How many.
        #[serde(alias = "count")]
        n: u8,
    ) -> u8 {
        n
    }
}
