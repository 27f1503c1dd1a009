//! A plugin that does with its host's resources what a test asks.

use std::sync::Arc;

use dagstack_plugin::prelude::*;
use dagstack_plugin::resource;
use dagstack_plugin::resources::{BlobStore, Clock, ResourceError, Rng, TempDir};
use dagstack_plugin::serde_json::Value;

/// A resource of nobody's standard.
#[resource(name = "resource_probe::Ledger")]
pub trait Ledger {
    /// Books an amount and returns the balance.
    async fn book(&self, account: String, cents: i64) -> i64;

    /// Takes its time.
    async fn wait(&self, millis: u64) -> String;

    /// Fails with a code of the caller's.
    async fn fail(&self, code: String);

    /// Panics.
    async fn panic(&self);

    /// Gives back what it is given.
    async fn echo(&self, value: Option<Value>) -> Option<Value>;
}

/// What the plugin is to ask for at its setup.
#[data]
#[derive(Debug, Default)]
#[serde(default)]
pub struct Config {
    /// Ask for a resource that is not declared.
    pub undeclared: bool,
    /// Take the ledger for a blob store.
    pub wrong_type: bool,
    /// Call the ledger in the setup.
    pub book_at_setup: bool,
}

/// Calls its host's resources.
pub struct Probe {
    ledger: Option<Arc<dyn Ledger>>,
    clock: Option<Arc<dyn Clock>>,
    rng: Option<Arc<dyn Rng>>,
    blobs: Option<Arc<dyn BlobStore>>,
    tmpdir: Option<Arc<dyn TempDir>>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

fn missing(name: &str) -> HookError {
    ResourceError::missing(name, []).into()
}

impl Probe {
    fn ledger(&self) -> Result<&dyn Ledger, HookError> {
        self.ledger.as_deref().ok_or_else(|| missing("ledger"))
    }
}

/// Calls its host's resources.
#[plugin(
    kind = "tool",
    name = "probe",
    resources(optional = ["ledger", "clock", "rng", "blob_store", "tmpdir"])
)]
impl Probe {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let resources = ctx.resources();
        if ctx.config().undeclared {
            resources.get::<dyn Clock>("wall")?;
        }
        if ctx.config().wrong_type {
            resources.get::<dyn BlobStore>("ledger")?;
        }
        let ledger = resources.optional::<dyn Ledger>("ledger");
        if ctx.config().book_at_setup
            && let Some(ledger) = &ledger
        {
            ledger.book("setup".to_owned(), 1).await?;
        }
        Ok(Self {
            ledger,
            clock: resources.optional::<dyn Clock>("clock"),
            rng: resources.optional::<dyn Rng>("rng"),
            blobs: resources.optional::<dyn BlobStore>("blob_store"),
            tmpdir: resources.optional::<dyn TempDir>("tmpdir"),
        })
    }

    /// Books an amount, `times` times.
    #[hook]
    async fn book(
        &self,
        account: String,
        cents: i64,
        times: Option<u32>,
    ) -> Result<i64, HookError> {
        let mut balance = 0;
        for _ in 0..times.unwrap_or(1) {
            balance = self.ledger()?.book(account.clone(), cents).await?;
        }
        Ok(balance)
    }

    /// Does nothing, but not at once.
    #[hook]
    async fn nothing(&self) {}

    /// Waits for the ledger.
    #[hook]
    async fn wait(&self, millis: u64) -> Result<String, HookError> {
        self.ledger()?.wait(millis).await
    }

    /// Has the ledger fail.
    #[hook]
    async fn fail(&self, code: String) -> Result<(), HookError> {
        self.ledger()?.fail(code).await
    }

    /// Has the ledger panic.
    #[hook]
    async fn panic(&self) -> Result<(), HookError> {
        self.ledger()?.panic().await
    }

    /// Sends a value to the ledger and back.
    #[hook]
    async fn echo(&self, value: Option<Value>) -> Result<Option<Value>, HookError> {
        self.ledger()?.echo(value).await
    }

    /// What the clock shows.
    #[hook]
    fn time(&self) -> Result<u64, HookError> {
        let clock = self.clock.as_ref().ok_or_else(|| missing("clock"))?;
        Ok(clock.monotonic_ns())
    }

    /// Random numbers.
    #[hook]
    fn random(&self, count: usize) -> Result<Vec<u64>, HookError> {
        let rng = self.rng.as_ref().ok_or_else(|| missing("rng"))?;
        Ok((0..count).map(|_| rng.next_u64()).collect())
    }

    /// Writes a file into the temporary folder and says where.
    #[hook]
    fn file(&self) -> Result<String, HookError> {
        let folder = self.tmpdir.as_ref().ok_or_else(|| missing("tmpdir"))?;
        let path = folder.path().join("file");
        std::fs::write(&path, "text").map_err(HookError::from_error)?;
        Ok(path.display().to_string())
    }

    /// Stores a text under a key.
    #[hook]
    async fn store(&self, key: String, text: String) -> Result<Vec<String>, HookError> {
        let blobs = self.blobs.as_ref().ok_or_else(|| missing("blob_store"))?;
        blobs.put(key, text.into()).await?;
        blobs.list(String::new()).await
    }
}
