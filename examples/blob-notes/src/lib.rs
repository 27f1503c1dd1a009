//! A plugin with state per tenant. None of it is in the plugin: texts go to the host's `blob_store`,
//! and what is to be counted for each tenant to its `tenant_registry`, where it has one.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::{BlobStore, Clock, TenantRegistry};

/// Keeps the notes of each tenant.
pub struct Notes {
    clock: Arc<dyn Clock>,
    blobs: Arc<dyn BlobStore>,
    tenants: Option<Arc<dyn TenantRegistry>>,
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes")
    }
}

/// A note that was kept.
#[data]
#[derive(Debug)]
pub struct Note {
    /// Its key in the blob store.
    pub key: String,
    /// When it was kept, in milliseconds since 1970.
    pub kept_at_ms: u64,
    /// Which of the tenant's notes it is; absent where the host does not count.
    pub number: Option<i64>,
}

/// Who calls: the metadata of the call says so, wherever the plugin runs.
fn tenant(ctx: &HookContext) -> Result<String, HookError> {
    let tenant = ctx.metadata().get("tenant_id").and_then(|id| id.as_str());
    tenant
        .filter(|tenant| !tenant.is_empty() && !tenant.contains('/'))
        .map(str::to_owned)
        .ok_or_else(|| HookError::new("no_tenant", "the call has no `tenant_id` that can be used"))
}

/// Keeps the notes of each tenant.
#[plugin(
    kind = "tool",
    name = "notes",
    resources(required = ["clock", "blob_store"], optional = ["tenant_registry"])
)]
impl Notes {
    #[setup]
    fn setup(ctx: &PluginContext) -> Result<Self, PluginError> {
        let resources = ctx.resources();
        Ok(Self {
            clock: resources.get::<dyn Clock>("clock")?,
            blobs: resources.get::<dyn BlobStore>("blob_store")?,
            tenants: resources.optional::<dyn TenantRegistry>("tenant_registry"),
        })
    }

    /// Keeps a note of the calling tenant.
    #[hook]
    async fn keep(
        &self,
        ctx: &HookContext,
        /// What to keep the note under.
        title: String,
        /// The note.
        text: String,
    ) -> Result<Note, HookError> {
        let tenant = tenant(ctx)?;
        let key = format!("notes/{tenant}/{title}");
        self.blobs.put(key.clone(), text.into()).await?;
        let number = match &self.tenants {
            Some(tenants) => Some(tenants.add(tenant, "notes".to_owned(), 1).await?),
            None => None,
        };
        let now = self.clock.now().duration_since(UNIX_EPOCH);
        Ok(Note {
            key,
            kept_at_ms: now.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
            number,
        })
    }

    /// Reads a note of the calling tenant; those of others cannot be named.
    #[hook]
    async fn read(&self, ctx: &HookContext, title: String) -> Result<Option<String>, HookError> {
        let key = format!("notes/{}/{title}", tenant(ctx)?);
        let found = self.blobs.get(key).await?;
        Ok(found.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }
}
