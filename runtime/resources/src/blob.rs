//! [`BlobStore`]: bytes under names.

use dagstack_plugin_macros::resource;

use crate::Bytes;

/// Bytes under names. A key is a path of parts between `/`, such as `reports/2026/a.txt`.
///
/// ```
/// use std::sync::Arc;
///
/// use dagstack_plugin::HookError;
/// use dagstack_plugin::resources::BlobStore;
///
/// async fn rename(store: Arc<dyn BlobStore>, from: &str, to: &str) -> Result<(), HookError> {
///     if let Some(data) = store.get(from.into()).await? {
///         store.put(to.into(), data).await?;
///         store.delete(from.into()).await?;
///     }
///     Ok(())
/// }
/// ```
#[resource(crate = crate, name = "dagstack_plugin::resources::BlobStore")]
pub trait BlobStore {
    /// Stores `data` under `key`, in the place of what was there.
    async fn put(&self, key: String, data: Bytes);

    /// What is stored under `key`.
    async fn get(&self, key: String) -> Option<Bytes>;

    /// Removes what is stored under `key`. Whether there was something.
    async fn delete(&self, key: String) -> bool;

    /// The keys that start with `prefix`, sorted.
    async fn list(&self, prefix: String) -> Vec<String>;

    /// Whether something is stored under `key`.
    async fn exists(&self, key: String) -> bool;
}
