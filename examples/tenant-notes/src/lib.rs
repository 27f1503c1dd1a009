//! Notes of many tenants: a plugin that uses all its context says. Whose call it is, what that tenant
//! may do, how far the work is, and a log whose records tell the calls apart.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;
use dagstack_plugin::{Severity, TenantAccessDenied};

/// Keeps notes, those of each tenant apart.
#[derive(Debug, Default)]
pub struct TenantNotes {
    by_tenant: Mutex<BTreeMap<String, Vec<String>>>,
}

/// Keeps notes, those of each tenant apart.
#[plugin(kind = "tool", name = "tenant-notes")]
impl TenantNotes {
    /// Adds a note, and says how many the tenant has now.
    #[hook]
    fn add(
        &self,
        ctx: &HookContext,
        /// The note.
        text: String,
    ) -> Result<usize, TenantAccessDenied> {
        let tenant = ctx.tenant();
        let id = tenant.tenant_id().unwrap_or_default();
        tenant.check_access("notes", id, "write")?;
        let count = self.keep(id, &text);
        ctx.logger().log(
            Severity::INFO,
            "note added",
            [("note", json!(text)), ("count", json!(count))],
        );
        Ok(count)
    }

    /// Adds many notes, and says how far it is.
    #[hook]
    async fn import(
        &self,
        ctx: &HookContext,
        /// The notes.
        texts: Vec<String>,
    ) -> Result<usize, TenantAccessDenied> {
        let tenant = ctx.tenant();
        let id = tenant.tenant_id().unwrap_or_default();
        tenant.check_access("notes", id, "write")?;
        ctx.progress()
            .event("import.started", json!({ "notes": texts.len() }));
        let (mut done, all) = (0_u32, texts.len().max(1));
        for text in texts {
            self.keep(id, &text);
            done += 1;
            let percent = f64::from(done) * 100.0 / all as f64;
            ctx.progress()
                .update_with(percent, format!("note {done}"), json!({ "done": done }));
        }
        ctx.event_bus().publish("notes.imported", json!({ "tenant": id, "notes": done }));
        Ok(self.count(id))
    }

    /// The tenant's notes, the oldest first.
    #[hook]
    fn list(&self, ctx: &HookContext) -> Result<Vec<String>, TenantAccessDenied> {
        let tenant = ctx.tenant();
        let id = tenant.tenant_id().unwrap_or_default();
        tenant.check_read("notes", id)?;
        let notes = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(notes.get(id).cloned().unwrap_or_default())
    }

    /// How many notes the tenant has.
    #[hook]
    fn peek(&self, ctx: &HookContext) -> usize {
        let tenant = ctx.tenant();
        let count = self.count(tenant.tenant_id().unwrap_or_default());
        ctx.logger().info("looked");
        count
    }
}

impl TenantNotes {
    fn keep(&self, tenant: &str, text: &str) -> usize {
        let mut notes = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let own = notes.entry(tenant.to_owned()).or_default();
        own.push(text.to_owned());
        own.len()
    }

    fn count(&self, tenant: &str) -> usize {
        let notes = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        notes.get(tenant).map_or(0, Vec::len)
    }
}
