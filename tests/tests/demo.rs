//! The example host, as the demo runs it: equal answers end with 0, different ones with 1.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dagstack_tests::{built, workspace};

/// Every plugin executable of the examples.
const PLUGINS: [&str; 11] = [
    "csv",
    "echo",
    "fixed-chunker",
    "markdown",
    "plain",
    "redact",
    "sentence-chunker",
    "sign",
    "tenant-policy",
    "text-stats",
    "tidy",
];

/// A folder for each plugin, with the manifest its executable prints.
fn manifests(folder: &Path, names: &[&str]) {
    for name in names {
        let manifest = Command::new(built(name))
            .arg("manifest")
            .output()
            .expect("it starts");
        let plugin = folder.join(name);
        fs::create_dir_all(&plugin).expect("a folder");
        fs::write(plugin.join("dagstack.toml"), manifest.stdout).expect("a file");
    }
}

fn host(arguments: &[&str], plugins: &Path, file: &Path) -> Output {
    Command::new(built("host"))
        .args([plugins, file])
        .args(arguments)
        .output()
        .expect("it starts")
}

#[test]
fn every_hook_answers_the_same_both_ways() {
    let folder = tempfile::tempdir().expect("a folder");
    manifests(folder.path(), &PLUGINS);
    let output = host(&[], folder.path(), &workspace().join("README.md"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("  equal\n").count(), 54, "{text}");
    for error in [
        "invalid_arguments",
        "unknown_hook",
        "zero_size",
        "no_words",
        "permission_denied",
        "ragged",
    ] {
        assert_eq!(
            text.matches(&format!("error {error}")).count() % 2,
            0,
            "{text}"
        );
        assert!(text.contains(&format!("error {error}")), "{text}");
    }
}

#[test]
fn a_plugin_that_differs_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    manifests(folder.path(), &PLUGINS);
    manifests(folder.path(), &["impostor"]);
    let output = host(
        &["--self-test"],
        folder.path(),
        &workspace().join("README.md"),
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // Its result, and the details of its error: two rows each.
    assert_eq!(text.matches("  DIFFERENT\n").count(), 4, "{text}");
    assert!(text.contains(": 2 different"), "{text}");
}

#[test]
fn a_missing_plugin_is_never_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    manifests(folder.path(), &["echo", "fixed-chunker"]);
    let output = host(&[], folder.path(), &workspace().join("README.md"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
}
