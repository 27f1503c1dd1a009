//! A plugin that does with resources what a test asks, whoever gives them, and resources of its author's.

use std::sync::Arc;

use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::{
    BlobStore, Clock, FrozenClock, ResourceSet, Rng, TempDir, TenantRegistry,
};
use dagstack_plugin::{HookError, async_trait};
use resource_probe::Ledger;
use serde_json::Value;

/// The variable that says what is odd about [`resources`].
pub const ODD: &str = "BROUGHT_ODD";

/// A ledger of the author's own, in which nothing is booked.
struct Closed;

#[async_trait]
impl Ledger for Closed {
    async fn book(&self, account: String, _: i64) -> Result<i64, HookError> {
        Err(HookError::new("closed", account))
    }

    async fn wait(&self, millis: u64) -> Result<String, HookError> {
        Ok(format!("{millis}"))
    }

    async fn fail(&self, code: String) -> Result<(), HookError> {
        Err(HookError::new(code, ""))
    }

    async fn panic(&self) -> Result<(), HookError> {
        Ok(())
    }

    async fn echo(&self, value: Option<Value>) -> Result<Option<Value>, HookError> {
        Ok(value)
    }
}

/// The author's own resources.
///
/// # Errors
///
/// Where [`ODD`] says so.
pub fn resources() -> Result<ResourceSet, String> {
    // As in a setup: a pool of connections starts its tasks here.
    let _ = tokio::runtime::Handle::current();
    let set = ResourceSet::new().with::<dyn Ledger>("ledger", Arc::new(Closed));
    let frozen = || -> Arc<dyn Clock> { Arc::new(FrozenClock::at_unix_nanos(99)) };
    match std::env::var(ODD).as_deref() {
        Ok("clock") => Ok(set.with("clock", frozen())),
        Ok("type") => Ok(set.with("rng", frozen())),
        Ok("fails") => Err("the ledger is locked".to_owned()),
        Ok("panics") => panic!("the ledger burns"),
        Ok("ended") => Ok(ResourceSet::new()),
        _ => Ok(set),
    }
}

/// Uses what it is given.
pub struct Uses {
    clock: Arc<dyn Clock>,
    ledger: Arc<dyn Ledger>,
    rng: Option<Arc<dyn Rng>>,
    tmpdir: Option<Arc<dyn TempDir>>,
    blobs: Option<Arc<dyn BlobStore>>,
    tenants: Option<Arc<dyn TenantRegistry>>,
}

impl std::fmt::Debug for Uses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Uses")
    }
}

fn there<T: ?Sized>(resource: &Option<Arc<T>>) -> Result<&T, HookError> {
    resource
        .as_deref()
        .ok_or_else(|| HookError::new("not_there", "the resource is not there"))
}

/// Uses what it is given.
#[plugin(
    kind = "tool",
    name = "uses",
    resources(
        required = ["clock", "ledger"],
        optional = ["rng", "tmpdir", "blob_store", "tenant_registry", "tenant_registri"]
    )
)]
impl Uses {
    #[setup]
    fn setup(ctx: &PluginContext) -> Result<Self, PluginError> {
        let resources = ctx.resources();
        Ok(Self {
            clock: resources.get("clock")?,
            ledger: resources.get("ledger")?,
            rng: resources.optional("rng"),
            tmpdir: resources.optional("tmpdir"),
            blobs: resources.optional("blob_store"),
            tenants: resources.optional("tenant_registry"),
        })
    }

    /// What the clock shows.
    #[hook]
    fn time(&self) -> u64 {
        self.clock.monotonic_ns()
    }

    /// What the ledger makes of a value.
    #[hook]
    async fn ledger(&self, value: Value) -> Result<Option<Value>, HookError> {
        self.ledger.echo(Some(value)).await
    }

    /// A random number.
    #[hook]
    fn random(&self) -> Result<u64, HookError> {
        Ok(there(&self.rng)?.next_u64())
    }

    /// Writes a file into the temporary folder and says where.
    #[hook]
    fn file(&self) -> Result<String, HookError> {
        let path = there(&self.tmpdir)?.path().join("file");
        std::fs::write(&path, "text").map_err(HookError::from_error)?;
        Ok(path.display().to_string())
    }

    /// Writes a file into the temporary folder, says so as its progress, and never ends.
    #[hook]
    async fn wait(&self, ctx: &HookContext) -> Result<(), HookError> {
        let path = self.file()?;
        ctx.progress().update(50.0, path);
        std::future::pending().await
    }

    /// Stores a text under a key, and says what was there.
    #[hook]
    async fn store(&self, key: String, text: String) -> Result<Option<String>, HookError> {
        let blobs = there(&self.blobs)?;
        let before = blobs.get(key.clone()).await?;
        blobs.put(key, text.into()).await?;
        Ok(before.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }

    /// Counts for a tenant.
    #[hook]
    async fn count(&self, tenant: String) -> Result<i64, HookError> {
        let tenants = there(&self.tenants)?;
        tenants.add(tenant, "count".to_owned(), 1).await
    }
}
