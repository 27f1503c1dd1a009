//! [`MemoryTenants`]: what a plugin keeps for each tenant, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use dagstack_plugin_core::sync::lock;
use dagstack_plugin_core::{HookError, async_trait, code};
use serde_json::{Map, Value};

use crate::TenantRegistry;

/// A [`TenantRegistry`] in memory, which lasts as long as this value.
///
/// ```
/// use dagstack_plugin::resources::TenantRegistry;
/// use dagstack_plugin::testing::{MemoryTenants, block_on};
///
/// let tenants = MemoryTenants::new().with("acme", "plan", "free");
/// block_on(tenants.add("acme".to_owned(), "calls".to_owned(), 2)).unwrap();
/// assert_eq!(tenants.contents()["acme"]["calls"], 2);
/// ```
#[derive(Debug, Default)]
pub struct MemoryTenants(Mutex<BTreeMap<String, Map<String, Value>>>);

impl MemoryTenants {
    /// One without tenants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what `tenant` has under `key`.
    #[must_use]
    pub fn with(
        self,
        tenant: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        let mut tenants = lock(&self.0);
        let entries = tenants.entry(tenant.into()).or_default();
        entries.insert(key.into(), value.into());
        drop(tenants);
        self
    }

    /// What each tenant has.
    pub fn contents(&self) -> BTreeMap<String, Map<String, Value>> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl TenantRegistry for MemoryTenants {
    async fn get(&self, tenant: String, key: String) -> Result<Option<Value>, HookError> {
        let tenants = lock(&self.0);
        Ok(tenants
            .get(&tenant)
            .and_then(|entries| entries.get(&key).cloned()))
    }

    async fn set(&self, tenant: String, key: String, value: Value) -> Result<(), HookError> {
        lock(&self.0).entry(tenant).or_default().insert(key, value);
        Ok(())
    }

    async fn add(&self, tenant: String, key: String, by: i64) -> Result<i64, HookError> {
        let mut tenants = lock(&self.0);
        let entry = tenants.entry(tenant).or_default().entry(key.clone());
        let value = entry.or_insert_with(|| Value::from(0));
        let sum = value.as_i64().and_then(|value| value.checked_add(by));
        let sum = sum.ok_or_else(|| {
            HookError::new(
                code::INVALID_ARGUMENTS,
                format!("`{key}` is no number that {by} can be added to"),
            )
        })?;
        *value = sum.into();
        Ok(sum)
    }

    async fn remove(&self, tenant: String, key: String) -> Result<bool, HookError> {
        let mut tenants = lock(&self.0);
        let Some(entries) = tenants.get_mut(&tenant) else {
            return Ok(false);
        };
        let found = entries.remove(&key).is_some();
        if entries.is_empty() {
            tenants.remove(&tenant);
        }
        Ok(found)
    }

    async fn keys(&self, tenant: String) -> Result<Vec<String>, HookError> {
        let tenants = lock(&self.0);
        let entries = tenants.get(&tenant);
        let mut keys: Vec<String> = entries.into_iter().flat_map(Map::keys).cloned().collect();
        keys.sort();
        Ok(keys)
    }

    async fn tenants(&self) -> Result<Vec<String>, HookError> {
        Ok(lock(&self.0).keys().cloned().collect())
    }
}
