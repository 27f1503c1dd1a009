//! [`TenantRegistry`]: what a plugin keeps for each tenant.

use dagstack_plugin_macros::resource;
use serde_json::Value;

/// State per tenant, kept by the host. A plugin whose hooks serve many tenants holds none of it
/// itself: it would be lost at a reload, and mixed up by a mistake.
///
/// The tenant of a call is `ctx.metadata().get("tenant_id")`. Two tenants never see each other's
/// entries, whatever the keys.
#[resource(crate = crate, name = "dagstack_plugin::resources::TenantRegistry")]
pub trait TenantRegistry {
    /// What `tenant` has under `key`.
    async fn get(&self, tenant: String, key: String) -> Option<Value>;

    /// Sets what `tenant` has under `key`.
    async fn set(&self, tenant: String, key: String, value: Value);

    /// Adds `by` to the number `tenant` has under `key`, nothing counting as 0, and returns the
    /// sum: calls at the same time all count.
    async fn add(&self, tenant: String, key: String, by: i64) -> i64;

    /// Removes what `tenant` has under `key`. Whether there was something.
    async fn remove(&self, tenant: String, key: String) -> bool;

    /// The keys of `tenant`, sorted.
    async fn keys(&self, tenant: String) -> Vec<String>;

    /// The tenants that have anything, sorted.
    async fn tenants(&self) -> Vec<String>;
}
