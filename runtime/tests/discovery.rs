//! Plugins found in folders.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{ALPHA, Fake};
use dagstack_runtime::{HookContext, MemoryConfig, Registry, Runtime};
use serde_json::{Value, json};

fn manifest(folder: &Path, name: &str, text: &str) {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).unwrap();
    let head = "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\n";
    fs::write(
        folder.join("dagstack.toml"),
        format!("{head}name = \"{name}\"\n{text}"),
    )
    .unwrap();
}

const IN_PROCESS: &str = "runtime = \"in_process\"\nentry_point = \"alpha\"\n";

#[tokio::test]
async fn a_manifest_that_names_a_linked_plugin_is_that_plugin() {
    let folder = tempfile::tempdir().unwrap();
    manifest(
        folder.path(),
        "alpha",
        &format!("{IN_PROCESS}priority = 42\n"),
    );
    let registry = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .discover(folder.path())
        // The same folder again, by its own path.
        .discover(folder.path().join("alpha"))
        .config(MemoryConfig::new(json!({})))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    assert_eq!(report.plugins.len(), 1);
    assert_eq!(report.plugins[0].priority, 42);
    let alpha = registry.plugin("fake", "alpha").unwrap();
    assert_eq!(alpha.runtime(), Runtime::InProcess);
    assert_eq!(alpha.manifest().unwrap().priority, 42);
    assert!(
        alpha
            .call("echo", &HookContext::new(), Value::Null)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_manifest_that_names_an_unlinked_plugin_says_how_to_link_it() {
    let folder = tempfile::tempdir().unwrap();
    manifest(
        folder.path(),
        "alpha",
        "runtime = \"in_process\"\nentry_point = \"fixed_chunker::FixedChunker\"\n",
    );
    let registry = Registry::builder().discover(folder.path()).build().unwrap();
    let report = registry.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "plugin_not_linked");
    for hint in [
        "dagstack_runtime::link!",
        ".plugin::<T>()",
        "fixed_chunker::FixedChunker",
        "dagstack.toml",
    ] {
        assert!(reason.message.contains(hint), "{}", reason.message);
    }
    let alpha = registry.plugin("fake", "alpha").unwrap();
    let error = alpha
        .call("echo", &HookContext::new(), Value::Null)
        .await
        .unwrap_err();
    assert!(error.message().contains("link!"), "{error}");
}

#[tokio::test]
async fn a_broken_manifest_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path(), "alpha", IN_PROCESS);
    manifest(folder.path(), "wrong", "runtime = 3\nsize = 1\n");
    manifest(
        folder.path(),
        "future",
        "runtime = \"mcp_http\"\nendpoint = \"http://localhost:1/\"\n",
    );
    fs::create_dir(folder.path().join("unrelated")).unwrap();
    let registry = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .discover(folder.path())
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert_eq!(report.plugins.len(), 3, "{report}");
    assert!(report.get("fake", "alpha").unwrap().state.is_callable());
    let broken = report
        .plugins
        .iter()
        .find(|plugin| plugin.name == "wrong")
        .unwrap();
    assert_eq!(broken.kind, None);
    let reason = broken.state.reason().unwrap();
    assert_eq!(reason.code, "manifest_invalid");
    assert!(reason.message.contains("plugin.size"), "{}", reason.message);
    let http = report
        .get("fake", "future")
        .unwrap()
        .state
        .reason()
        .unwrap();
    assert_eq!(http.code, "runtime_not_supported");
    let error = registry.plugin("fake", "wrong").unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
    assert!(serde_json::to_value(&report).unwrap()["plugins"][0]["state"].is_string());
}

#[test]
fn a_path_that_is_not_there_is_no_registry() {
    let error = Registry::builder()
        .discover("/no/such/folder")
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "discovery_failed");
    assert!(error.to_string().contains("/no/such/folder"));
}

#[test]
fn a_second_plugin_of_the_same_name_is_a_duplicate() {
    let folder = tempfile::tempdir().unwrap();
    manifest(
        folder.path(),
        "alpha",
        "runtime = \"mcp_stdio\"\ncommand = [\"./alpha\"]\n",
    );
    let error = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .discover(folder.path())
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "duplicate_plugin");
}

#[cfg(feature = "mcp-stdio")] // See `linked_only` for hosts without it.
#[tokio::test]
async fn a_runtime_array_runs_in_process_if_linked_else_by_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let both = "runtime = [\"mcp_stdio\", \"in_process\"]\nentry_point = \"alpha\"\ncommand = [\"./no-such-program\"]\n";
    manifest(folder.path(), "alpha", both);
    let linked = || {
        Registry::builder()
            .plugin::<Fake<ALPHA>>()
            .discover(folder.path())
    };
    let runtime = |registry: &Registry| registry.plugin("fake", "alpha").unwrap().runtime();
    assert_eq!(runtime(&linked().build().unwrap()), Runtime::InProcess);
    let preferred = linked().prefer(Runtime::McpStdio).build().unwrap();
    assert_eq!(runtime(&preferred), Runtime::McpStdio);
    let unlinked = Registry::builder().discover(folder.path()).build().unwrap();
    assert_eq!(runtime(&unlinked), Runtime::McpStdio);
    let report = unlinked.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "plugin_load_error");
    let expected = folder.path().join("alpha").join("./no-such-program");
    assert!(
        reason.message.contains(expected.to_str().unwrap()),
        "{}",
        reason.message
    );
}
