//! The quota, under a plugin that knows nothing of it.

use std::sync::Arc;

use blob_notes::Notes;
use blob_quota::with_quota;
use dagstack_plugin::testing::MemoryBlobs;
use dagstack_runtime::resources::{BlobStore, Clock, SystemClock};
use dagstack_runtime::{HookContext, Metadata, Registry};
use serde_json::{Value, json};

#[tokio::test]
async fn a_plugin_stores_as_much_as_it_may() -> Result<(), Box<dyn std::error::Error>> {
    let blobs = Arc::new(MemoryBlobs::default());
    let builder = Registry::builder()
        .plugin::<Notes>()
        .resource::<dyn Clock>("clock", Arc::new(SystemClock))
        .resource::<dyn BlobStore>("blob_store", Arc::clone(&blobs) as _);
    let registry = with_quota(builder, 10).build()?;
    println!("{}", registry.setup_all().await);
    let notes = registry.plugin("tool", "notes")?;
    let ctx = HookContext::new().with_metadata(Metadata::new().with("tenant_id", "acme"));
    let keep = |title: &str, text: &str| {
        let args: Value = json!({ "title": title, "text": text });
        notes.call("keep", &ctx, args)
    };

    keep("a", "123456").await?;
    keep("b", "7890").await?;
    let error = keep("c", "x").await.err().ok_or("it has no room left")?;
    assert_eq!(error.code(), "quota_exceeded");
    assert_eq!(
        error.message(),
        "`tool.notes` may store 10 bytes and has 10 in use; 1 more are too many"
    );
    // In the place of something else it may be stored.
    keep("b", "78").await?;
    keep("c", "xy").await?;
    // The host itself has no quota.
    blobs.put("other".to_owned(), "any length".into()).await?;
    registry.teardown_all().await?;
    Ok(())
}
