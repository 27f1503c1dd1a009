//! What a host says of, and demands of, the programs it runs.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/server.rs"]
mod server;

use std::path::Path;
use std::time::Duration;

use dagstack_runtime::{Registry, RestartPolicy, StdioCommand};
use serde_json::json;

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

/// A plugin folder with this sha256 in its manifest.
fn manifest(folder: &Path, sha256: &str) {
    let text = format!(
        "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nname = \"child\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nruntime = \"mcp_stdio\"\nmaintainer = \"Ada <ada@example.org>\"\ncommand = {}\n\n[plugin.env]\nDAGSTACK_TEST_SERVER = \"pinned\"\n\n[plugin.metadata.dagstack]\nsha256 = {sha256}\n",
        json!(server::words())
    );
    std::fs::write(folder.join("dagstack.toml"), text).unwrap();
}

fn registry(folder: &Path) -> Registry {
    Registry::builder()
        .discover(folder)
        .restart(RestartPolicy::never())
        .trusted_publishers(["Ada <ada@example.org>"])
        .build()
        .unwrap()
}

/// What the host says of the program of the fake server.
async fn content_hash(registry: &Registry) -> String {
    let known = async {
        loop {
            if let Some(hash) = registry.status().remove(0).content_hash {
                return hash;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.unwrap()
}

#[tokio::test]
async fn a_program_is_hashed_and_runs_if_the_manifest_agrees() {
    let plain = Registry::builder()
        .executable("fake", "child", server::command(""))
        .build()
        .unwrap();
    assert!(plain.setup_all().await.all_ready());
    let hash = content_hash(&plain).await;
    let digits = hash.strip_prefix("sha256:").unwrap();
    assert_eq!(digits.len(), 64);
    assert_eq!(plain.status()[0].trusted, None);

    let folder = tempfile::tempdir().unwrap();
    for spelling in [hash.clone(), digits.to_owned(), digits.to_uppercase()] {
        manifest(folder.path(), &json!(spelling).to_string());
        let registry = registry(folder.path());
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
        // It was looked at before the program ran.
        assert_eq!(report.plugins[0].content_hash.as_ref(), Some(&hash));
        assert_eq!(report.plugins[0].trusted, Some(true));
        registry.teardown_all().await.unwrap();
    }
}

#[tokio::test]
async fn another_program_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = "0".repeat(64);
    manifest(folder.path(), &json!(wrong).to_string());
    let registry = registry(folder.path());
    let report = registry.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "content_hash_mismatch");
    let found = content_hash(&registry).await;
    let found = found.strip_prefix("sha256:").unwrap();
    assert!(reason.message.contains(&wrong), "{reason}");
    assert!(reason.message.contains(found), "{reason}");
    let details = reason.details.as_ref().unwrap();
    assert_eq!(
        (&details["expected"], &details["found"]),
        (&json!(wrong), &json!(found))
    );
    assert_eq!(report.plugins[0].pid, None);
    assert_eq!(
        registry.reload("child").await.unwrap_err().code(),
        "content_hash_mismatch"
    );

    // The manifest is mended.
    manifest(folder.path(), &json!(found).to_string());
    assert!(self::registry(folder.path()).setup_all().await.all_ready());
}

#[tokio::test]
async fn a_hash_that_is_none_is_a_mistake_and_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["\"abc\"", "7", "\"\"", "true", "\"sha512:00\""] {
        manifest(folder.path(), wrong);
        let report = registry(folder.path()).setup_all().await;
        let reason = report.plugins[0].state.reason().unwrap();
        assert_eq!(reason.code, "plugin_load_error", "{wrong}");
        assert!(reason.message.contains("64 hexadecimal digits"), "{reason}");
    }
}

#[tokio::test]
async fn the_program_of_an_interpreted_script_is_the_interpreter() {
    let script = "read line; exit 0";
    let of = async |program: &str| {
        let registry = Registry::builder()
            .executable("fake", "child", StdioCommand::new([program, "-c", script]))
            .restart(RestartPolicy::never())
            .build()
            .unwrap();
        assert!(!registry.setup_all().await.all_ready());
        content_hash(&registry).await
    };
    let path = std::env::var_os("PATH").unwrap();
    let shell = std::env::split_paths(&path)
        .map(|folder| folder.join("sh"))
        .find(|file| file.is_file())
        .unwrap();
    // By name as by path.
    assert_eq!(of("sh").await, of(shell.to_str().unwrap()).await);
}

#[tokio::test]
async fn a_pinned_program_that_is_not_there_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nname = \"child\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nruntime = \"mcp_stdio\"\ncommand = [\"./gone\"]\n\n[plugin.metadata.dagstack]\nsha256 = \"";
    let text = format!("{text}{}\"\n", "0".repeat(64));
    std::fs::write(folder.path().join("dagstack.toml"), text).unwrap();
    let report = registry(folder.path()).setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "plugin_load_error");
    assert!(reason.message.contains("cannot be read"), "{reason}");
}
