//! A host that lets each plugin store so many bytes. The plugins do not know: a decorator of the
//! `blob_store` counts, and is the same to them as the store itself, wherever they run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dagstack_plugin::{HookError, async_trait, code};
use dagstack_runtime::resources::{BlobStore, Bytes};
use dagstack_runtime::{PluginName, RegistryBuilder};

/// A blob store that one plugin may fill up to a limit.
pub struct Quota {
    inner: Arc<dyn BlobStore>,
    plugin: PluginName,
    limit: usize,
    /// The sizes of what it has stored, by key.
    sizes: Mutex<HashMap<String, usize>>,
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quota of {} bytes for {}", self.limit, self.plugin)
    }
}

/// Gives each plugin `limit` bytes of the host's `blob_store`.
pub fn with_quota(builder: RegistryBuilder, limit: usize) -> RegistryBuilder {
    builder.decorate::<dyn BlobStore>("blob_store", move |inner, plugin| {
        Arc::new(Quota {
            inner,
            plugin: plugin.clone(),
            limit,
            sizes: Mutex::default(),
        })
    })
}

impl Quota {
    fn sizes(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the room for a blob before it is stored, so that calls at the same time cannot share
    /// it. What was there under the key before.
    fn reserve(&self, key: &str, size: usize) -> Result<Option<usize>, HookError> {
        let mut sizes = self.sizes();
        let others: usize = sizes
            .iter()
            .filter(|(known, _)| known.as_str() != key)
            .map(|(_, size)| size)
            .sum();
        if others.saturating_add(size) > self.limit {
            let message = format!(
                "`{}` may store {} bytes and has {others} in use; {size} more are too many",
                self.plugin, self.limit
            );
            return Err(HookError::new(code::QUOTA_EXCEEDED, message));
        }
        Ok(sizes.insert(key.to_owned(), size))
    }

    fn give_back(&self, key: &str, before: Option<usize>) {
        let mut sizes = self.sizes();
        match before {
            Some(size) => sizes.insert(key.to_owned(), size),
            None => sizes.remove(key),
        };
    }
}

#[async_trait]
impl BlobStore for Quota {
    async fn put(&self, key: String, data: Bytes) -> Result<(), HookError> {
        let before = self.reserve(&key, data.len())?;
        let stored = self.inner.put(key.clone(), data).await;
        if stored.is_err() {
            self.give_back(&key, before);
        }
        stored
    }

    async fn get(&self, key: String) -> Result<Option<Bytes>, HookError> {
        self.inner.get(key).await
    }

    async fn delete(&self, key: String) -> Result<bool, HookError> {
        let deleted = self.inner.delete(key.clone()).await?;
        self.give_back(&key, None);
        Ok(deleted)
    }

    async fn list(&self, prefix: String) -> Result<Vec<String>, HookError> {
        self.inner.list(prefix).await
    }

    async fn exists(&self, key: String) -> Result<bool, HookError> {
        self.inner.exists(key).await
    }
}
