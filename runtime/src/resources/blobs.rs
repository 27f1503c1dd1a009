//! [`ObjectBlobs`]: blobs by way of object_store.

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;

use dagstack_plugin::{HookError, async_trait, code};
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde_json::json;

use super::{BlobStore, Bytes};

/// Blobs by way of object_store: in memory, in files, or (feature `blob-store-s3`) in a bucket.
///
/// ```
/// use std::sync::Arc;
///
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::resources::{BlobStore, ObjectBlobs};
///
/// let builder = Registry::builder()
///     .resource::<dyn BlobStore>("blob_store", Arc::new(ObjectBlobs::in_memory()));
/// ```
#[derive(Clone, Debug)]
pub struct ObjectBlobs(Arc<dyn ObjectStore>);

impl ObjectBlobs {
    /// Blobs that last as long as this value.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(InMemory::new()))
    }

    /// Blobs in the files of a folder, which is made if it is not there. Keys are paths in it and
    /// cannot lead out of it.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read; it names the folder by its absolute path.
    pub fn in_folder(folder: impl AsRef<FilePath>) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let failed = |error: io::Error| {
            let problem = format!(
                "the folder of the blob store, `{}`: {error}",
                folder.display()
            );
            io::Error::new(error.kind(), problem)
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(io::Error::other);
        Ok(Self::new(Arc::new(store.map_err(failed)?)))
    }

    /// Blobs in a bucket that speaks S3. What is not said here (region, endpoint, credentials) comes
    /// from the environment, `AWS_…`.
    ///
    /// # Errors
    ///
    /// When the settings do not fit together.
    #[cfg(feature = "blob-store-s3")]
    pub fn in_s3(bucket: &str) -> io::Result<Self> {
        let store = object_store::aws::AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self::new(Arc::new(store)))
    }

    /// Blobs in any store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }
}

fn path(key: &str) -> Result<Path, HookError> {
    Path::parse(key)
        .ok()
        .filter(|path| !path.as_ref().is_empty() && path.as_ref() == key)
        .ok_or_else(|| {
            HookError::new(
                code::INVALID_ARGUMENTS,
                format!("`{key}` is no key; a key is a path such as `a/b.txt`, without empty parts, `.` and `..`"),
            )
        })
}

fn failed(key: &str, error: &object_store::Error) -> HookError {
    let code = match error {
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => code::PERMISSION_DENIED,
        _ => code::UNAVAILABLE,
    };
    HookError::new(code, format!("the blob store failed: {error}")).details(json!({ "key": key }))
}

#[async_trait]
impl BlobStore for ObjectBlobs {
    async fn put(&self, key: String, data: Bytes) -> Result<(), HookError> {
        let payload = PutPayload::from(Vec::from(data));
        let put = self.0.put(&path(&key)?, payload).await;
        put.map(drop).map_err(|error| failed(&key, &error))
    }

    async fn get(&self, key: String) -> Result<Option<Bytes>, HookError> {
        let found = match self.0.get(&path(&key)?).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        found
            .map(|bytes| Some(bytes.to_vec().into()))
            .map_err(|error| failed(&key, &error))
    }

    async fn delete(&self, key: String) -> Result<bool, HookError> {
        // Stores differ in whether deleting nothing is an error; asked first, they agree.
        if !self.exists(key.clone()).await? {
            return Ok(false);
        }
        match self.0.delete(&path(&key)?).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&key, &error)),
        }
    }

    async fn list(&self, prefix: String) -> Result<Vec<String>, HookError> {
        // A store lists by whole parts of a path; the rest of the prefix is looked at here.
        let folder = match prefix.rsplit_once('/') {
            Some((folder, _)) => Some(path(folder)?),
            None => None,
        };
        let listed: Vec<_> = self
            .0
            .list(folder.as_ref())
            .try_collect()
            .await
            .map_err(|error| failed(&prefix, &error))?;
        let mut keys: Vec<String> = listed
            .into_iter()
            .map(|meta| meta.location.to_string())
            .filter(|key| key.starts_with(&prefix))
            .collect();
        keys.sort();
        Ok(keys)
    }

    async fn exists(&self, key: String) -> Result<bool, HookError> {
        match self.0.head(&path(&key)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&key, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn behaves(blobs: &dyn BlobStore) {
        let put = |key: &str, text: &str| blobs.put(key.to_owned(), text.into());
        put("a/one.txt", "1").await.unwrap();
        put("a/two.txt", "2").await.unwrap();
        put("b", "3").await.unwrap();
        put("b", "33").await.unwrap();
        let get = |key: &str| blobs.get(key.to_owned());
        assert_eq!(get("b").await.unwrap(), Some("33".into()));
        assert_eq!(get("c").await.unwrap(), None);
        let list = |prefix: &str| blobs.list(prefix.to_owned());
        assert_eq!(list("").await.unwrap(), ["a/one.txt", "a/two.txt", "b"]);
        assert_eq!(list("a/t").await.unwrap(), ["a/two.txt"]);
        assert_eq!(list("a/").await.unwrap().len(), 2);
        assert!(list("z/").await.unwrap().is_empty());
        assert!(blobs.exists("b".to_owned()).await.unwrap());
        assert!(blobs.delete("b".to_owned()).await.unwrap());
        assert!(!blobs.delete("b".to_owned()).await.unwrap());
        assert!(!blobs.exists("b".to_owned()).await.unwrap());
        for key in ["", "/", "../x", "a//b", "/etc/passwd", "a/"] {
            let error = get(key).await.unwrap_err();
            assert_eq!(error.code(), code::INVALID_ARGUMENTS, "{key}");
        }
    }

    #[tokio::test]
    async fn in_memory_and_in_files_alike() {
        behaves(&ObjectBlobs::in_memory()).await;
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("new/blobs");
        behaves(&ObjectBlobs::in_folder(&below).unwrap()).await;
        assert!(below.join("a/one.txt").is_file());
    }
}
