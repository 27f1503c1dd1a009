//! `otlp-host [COLLECTOR]`: two tenants use one plugin, and the log goes to the collector
//! (`http://localhost:4318`).

use std::process::ExitCode;

use dagstack_runtime::{HookContext, Metadata, Registry};
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt;

#[tokio::main]
async fn main() -> ExitCode {
    let collector = std::env::args().nth(1);
    let collector = collector.as_deref().unwrap_or("http://localhost:4318");
    match run(collector).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(collector: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (layer, provider) = otlp_host::otlp(collector)?;
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;

    let registry = Registry::builder()
        .plugin::<tenant_notes::TenantNotes>()
        .build()?;
    let report = registry.setup_all().await;
    eprintln!("{report}");
    let notes = registry.plugin("tool", "tenant-notes")?;
    for (number, tenant) in ["acme", "globex"].into_iter().enumerate() {
        let trace = json!({
            "traceparent": format!("00-{:032x}-{:016x}-01", number + 1, number + 1),
        });
        let metadata = Metadata::new()
            .with("tenant_id", tenant)
            .with("trace_context", trace);
        let ctx = HookContext::default().with_metadata(metadata);
        notes.call("add", &ctx, json!({ "text": "hello" })).await?;
    }
    registry.teardown_all().await?;
    // It waits for the collector, so not on a thread of the runtime's own.
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    Ok(())
}
