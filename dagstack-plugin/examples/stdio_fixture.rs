//! The plugin executable that `tests/stdio*.rs` talk to: everything a hook can do to its process.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::time::Duration;

use dagstack_plugin::Severity;
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::value::RawValue;
use dagstack_plugin::serde_json::{Map, Value, json};
use tokio::sync::watch;

#[data]
#[derive(Clone, Default)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Goes before every echo.
    prefix: String,
    /// Fails the setup.
    fail: bool,
    /// Panics in the setup.
    panic: bool,
    /// Milliseconds the setup awaits.
    setup_ms: u64,
    /// Milliseconds the teardown blocks.
    teardown_ms: u64,
    /// Never shown.
    api_key: Option<String>,
    /// Hears of changes.
    follows: bool,
}

/// JSON text that is passed on as it is.
#[data]
struct Raw {
    n: u8,
    #[schemars(with = "Value")]
    raw: Box<RawValue>,
}

#[data]
enum Choice {
    Plain,
    Of(u8),
}

/// A shape.
#[data]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    /// A round one.
    Circle { radius: f64 },
    /// Of others.
    Group { parts: Vec<Shape> },
}

#[data]
struct Info {
    metadata: Value,
    has_deadline: bool,
    prefix: String,
}

struct Fixture {
    config: Config,
    /// The config as it changes, if it follows it.
    now: watch::Receiver<Config>,
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

/// A plugin that behaves badly when asked to.
#[plugin(kind = "sample", name = "fixture")]
// Tests call these by name.
#[allow(missing_docs)]
impl Fixture {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let config = ctx.config().clone();
        if config.fail {
            let told = format!("asked to fail, with {:?}", config.api_key);
            return Err(PluginError::new(told));
        }
        assert!(!config.panic, "asked to panic");
        if config.setup_ms > 0 {
            tokio::time::sleep(Duration::from_millis(config.setup_ms)).await;
        }
        let (tell, now) = watch::channel(config.clone());
        if config.follows {
            ctx.on_section_change(move |_: &Config, new: &Config| {
                tell.send_replace(new.clone());
            });
        }
        Ok(Self { config, now })
    }

    #[health]
    fn health(&self) -> Health {
        Health::degraded("it is a fixture")
    }

    #[teardown]
    fn teardown(&self) -> Released {
        eprintln!("teardown began");
        std::thread::sleep(Duration::from_millis(self.config.teardown_ms));
        eprintln!("teardown ended");
        Released::All
    }

    /// Gives the text back, behind the configured prefix.
    #[hook]
    fn echo(&self, text: String) -> String {
        if self.config.prefix.is_empty() {
            text
        } else {
            format!("{}{text}", self.config.prefix)
        }
    }

    #[hook]
    fn sleep(&self, ms: u64) -> u64 {
        std::thread::sleep(Duration::from_millis(ms));
        ms
    }

    #[hook]
    async fn sleep_async(&self, ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ms
    }

    /// Does what an `async` hook should not.
    #[hook]
    async fn block_async(&self, ms: u64) -> u64 {
        std::thread::sleep(Duration::from_millis(ms));
        ms
    }

    #[hook]
    fn long(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn long_after(&self, ms: u64, bytes: usize) -> String {
        std::thread::sleep(Duration::from_millis(ms));
        "x".repeat(bytes)
    }

    #[hook]
    fn panic(&self) -> String {
        panic!("asked to panic")
    }

    #[hook]
    fn fail(&self, text: String) -> Result<String, HookError> {
        Err(HookError::new("asked_to_fail", text).details(json!({ "limit": 5 })))
    }

    /// Waits for another key and quotes it.
    #[hook]
    async fn quote_new_key(&self) -> Result<(), HookError> {
        let mut now = self.now.clone();
        let changed = now.wait_for(|now| now.api_key != self.config.api_key).await;
        let key = changed.map_err(HookError::from_error)?.api_key.clone();
        Err(HookError::new("told", key.unwrap_or_default()))
    }

    #[hook]
    fn nan(&self) -> f64 {
        f64::NAN
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn print(&self, bytes: usize) -> usize {
        let mut stdout = std::io::stdout().lock();
        for _ in 0..bytes / 64 {
            writeln!(stdout, "{:x<63}", "printed by a hook").unwrap();
        }
        bytes
    }

    #[hook]
    fn print_err(&self, bytes: usize) -> usize {
        for _ in 0..bytes / 64 {
            eprintln!("{:x<63}", "printed by a hook");
        }
        bytes
    }

    #[hook]
    async fn until_cancelled(&self, ctx: &HookContext) -> String {
        ctx.cancellation().cancelled().await;
        eprintln!("the hook was cancelled");
        "cancelled".to_owned()
    }

    #[hook]
    fn info(&self, ctx: &HookContext) -> Info {
        Info {
            metadata: Map::from(ctx.metadata()).into(),
            has_deadline: ctx.deadline().is_some(),
            prefix: self.config.prefix.clone(),
        }
    }

    /// An array in an array, so many levels deep.
    #[hook]
    fn nested(&self, levels: usize) -> Value {
        nested(levels)
    }

    #[hook]
    fn nested_error(&self, levels: usize) -> Result<(), HookError> {
        Err(HookError::new("nested", "it is").details(nested(levels)))
    }

    #[hook]
    fn raw(&self, json: String) -> Result<Raw, HookError> {
        let raw = RawValue::from_string(json).map_err(HookError::from_error)?;
        Ok(Raw { n: 1, raw })
    }

    #[hook]
    fn maybe(&self, text: Option<String>) -> Option<String> {
        text
    }

    #[hook]
    fn choose(&self, of: Option<u8>) -> Choice {
        of.map_or(Choice::Plain, Choice::Of)
    }

    /// Nobody outside may call it.
    #[hook(mcp_exposed = false)]
    fn own(&self) -> u8 {
        7
    }

    /// Logs by both crates, at both levels.
    #[hook]
    fn log(&self) {
        log::info!(target: "by_log::inner", "info by log");
        log::debug!(target: "by_log::inner", "debug by log");
        tracing::info!(target: "by_tracing", "info by tracing");
        tracing::debug!(target: "by_tracing", "debug by tracing");
    }

    /// Logs at each of the severities, `times` over, and gives back how often that was.
    #[hook]
    fn say(&self, severities: Vec<u8>, times: u32, text: String, ctx: &HookContext) -> u32 {
        let log = ctx.logger();
        for n in 0..times {
            for number in &severities {
                let severity = Severity::new(*number).unwrap();
                log.log(
                    severity,
                    text.as_str(),
                    [("n", json!(n)), ("api_key", json!("k-1"))],
                );
            }
        }
        eprintln!("all is said");
        times
    }

    /// A schema with all that picky clients refuse.
    #[hook]
    fn shaped(&self, shape: Option<Shape>, sizes: Vec<Option<u8>>) -> Option<Shape> {
        drop(sizes);
        shape
    }

    #[hook]
    fn read_stdin(&self) -> usize {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).unwrap();
        text.len()
    }
}

dagstack_plugin::main!(Fixture);
