//! Notes of many tenants: a plugin that uses all its context says. Whose call it is, what that tenant
//! may do, how far the work is, and a log whose records tell the calls apart.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;
use dagstack_plugin::tenancy::READ;
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
        let tenant = own_notes(ctx, "write")?;
        let id = tenant.as_str();
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
        let tenant = own_notes(ctx, "write")?;
        let id = tenant.as_str();
        ctx.progress()
            .event("import.started", json!({ "notes": texts.len() }));
        let all = texts.len();
        for (before, text) in texts.iter().enumerate() {
            self.keep(id, text);
            let done = before + 1;
            let percent = done as f64 * 100.0 / all as f64;
            ctx.progress()
                .update_with(percent, format!("note {done}"), json!({ "done": done }));
        }
        ctx.event_bus()
            .publish("notes.imported", json!({ "tenant": id, "notes": all }));
        Ok(self.count(id))
    }

    /// The tenant's notes, the oldest first.
    #[hook]
    fn list(&self, ctx: &HookContext) -> Result<Vec<String>, TenantAccessDenied> {
        let tenant = own_notes(ctx, READ)?;
        let id = tenant.as_str();
        let notes = self
            .by_tenant
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
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

/// Whose notes a call is about. The host's rules decide, where it has any; without a tenant there are
/// no notes.
fn own_notes(ctx: &HookContext, action: &str) -> Result<String, TenantAccessDenied> {
    let tenant = ctx.tenant();
    match tenant.tenant_id() {
        Some(id) => tenant
            .check_access("notes", id, action)
            .map(|()| id.to_owned()),
        None => Err(tenant.denied("notes", "", action)),
    }
}

impl TenantNotes {
    fn keep(&self, tenant: &str, text: &str) -> usize {
        let mut notes = self
            .by_tenant
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = notes.entry(tenant.to_owned()).or_default();
        own.push(text.to_owned());
        own.len()
    }

    fn count(&self, tenant: &str) -> usize {
        let notes = self
            .by_tenant
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        notes.get(tenant).map_or(0, Vec::len)
    }
}
