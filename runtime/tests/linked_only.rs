//! Hosts without the feature `mcp-stdio`: linked plugins run, and whatever needs a process says what
//! would run it.
#![cfg(not(feature = "mcp-stdio"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;

use common::{ALPHA, Fake, HEAVY_WORK};
use dagstack_runtime::{HookContext, MemoryConfig, Registry, RegistryBuilder, Runtime};
use serde_json::{Value, json};

const FEATURE: &str = "the feature `mcp-stdio` of dagstack-runtime";

/// Finds one plugin, whose manifest says how it runs.
fn finds(builder: RegistryBuilder, name: &str, runtime: &str) -> Registry {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nname = \"{name}\"\n{runtime}\ncommand = [\"./{name}\"]\n"
    );
    fs::write(folder.path().join("dagstack.toml"), text).unwrap();
    builder.discover(folder.path()).build().unwrap()
}

/// Why the only plugin is not set up.
async fn refusal(registry: &Registry) -> (String, String) {
    let report = registry.setup_all().await;
    assert_eq!(report.plugins.len(), 1, "{report}");
    let reason = report.plugins[0].state.reason().unwrap();
    (reason.code.clone(), reason.message.clone())
}

#[tokio::test]
async fn a_manifest_for_a_process_is_refused_by_the_name_of_the_feature() {
    let registry = finds(Registry::builder(), "child", "runtime = \"mcp_stdio\"");
    let (code, message) = refusal(&registry).await;
    assert_eq!(code, "runtime_not_supported");
    assert!(message.contains(FEATURE), "{message}");
    let child = registry.plugin("fake", "child").unwrap();
    assert_eq!(child.runtime(), Runtime::McpStdio);
    let call = child.call("echo", &HookContext::new(), Value::Null).await;
    assert!(call.unwrap_err().message().contains(FEATURE));
}

#[tokio::test]
async fn a_manifest_for_both_runs_where_it_is_linked() {
    let both = "runtime = [\"mcp_stdio\", \"in_process\"]\nentry_point = \"alpha\"";
    let builder = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .config(MemoryConfig::new(json!({})))
        .prefer(Runtime::McpStdio);
    let registry = finds(builder, "alpha", both);
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let alpha = registry.plugin("fake", "alpha").unwrap();
    assert_eq!(alpha.runtime(), Runtime::InProcess);
    let unlinked = finds(Registry::builder(), "alpha", both);
    let (code, message) = refusal(&unlinked).await;
    assert_eq!(code, "plugin_not_linked");
    assert!(message.contains(FEATURE), "{message}");
    assert!(message.contains("link!"), "{message}");
}

#[tokio::test]
async fn a_linked_plugin_that_needs_processes_is_refused_by_the_name_of_the_feature() {
    let alone = Registry::builder().plugin::<Fake<HEAVY_WORK>>();
    let (code, message) = refusal(&alone.build().unwrap()).await;
    assert_eq!(code, "runtime_not_supported");
    assert!(message.contains(FEATURE), "{message}");
    assert!(message.contains("`thread_cpu_bound`"), "{message}");
    let both = "runtime = [\"in_process\", \"mcp_stdio\"]\nentry_point = \"heavy\"";
    let builder = Registry::builder().plugin::<Fake<HEAVY_WORK>>();
    let (code, _) = refusal(&finds(builder, "heavy", both)).await;
    assert_eq!(code, "runtime_not_supported");
}
