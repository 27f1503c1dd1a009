//! Behaviour 23: a type of another crate is a parameter with one feature of dagstack-plugin, in both
//! builds. The packages are built outside this workspace, where other features are on.

use dagstack_tests::scratch::{cargo, output, package};
use dagstack_tests::workspace;

const PLUGIN: &str = r#"
use chrono::{DateTime, Utc};
use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::Bytes;

#[derive(Default)]
pub struct Later;

/// Looks at a clock.
#[plugin(kind = "tool", name = "later")]
impl Later {
    /// Which is later.
    #[hook]
    fn latest(&self, a: DateTime<Utc>, b: Option<DateTime<Utc>>) -> DateTime<Utc> {
        b.map_or(a, |b| a.max(b))
    }

    /// As it is.
    #[hook]
    fn echo(&self, data: Bytes) -> Bytes {
        data
    }
}
"#;

fn manifest(features: &str) -> String {
    let root = workspace().display();
    format!(
        r#"[package]
name = "later"
version = "0.1.0"
edition = "2024"

[features]
default = ["bin"]
bin = ["dagstack-plugin/stdio"]

[[bin]]
name = "later"
required-features = ["bin"]

[dependencies]
chrono = {{ version = "0.4", features = ["serde"] }}
dagstack-plugin = {{ path = "{root}/dagstack-plugin", features = [{features}] }}
"#
    )
}

const FILES: [(&str, &str); 2] = [
    ("src/lib.rs", PLUGIN),
    ("src/main.rs", "dagstack_plugin::main!(later::Later);\n"),
];

#[test]
fn b23_a_date_is_a_parameter_in_both_builds() {
    let folder = tempfile::tempdir().expect("a folder");
    package(folder.path(), &manifest("\"chrono04\""), &FILES);
    output(cargo(folder.path()).args(["check", "-q", "--lib", "--no-default-features"]));
    let dates = r#"{ "a": "2026-01-31T12:00:00Z", "b": "2026-01-31T12:00:00.5Z" }"#;
    let said = output(cargo(folder.path()).args(["run", "-q", "--", "call", "latest", dates]));
    assert_eq!(said, "\"2026-01-31T12:00:00.500Z\"\n");
}

#[test]
fn b23_without_the_feature_the_error_says_where_to_find_it() {
    let folder = tempfile::tempdir().expect("a folder");
    package(folder.path(), &manifest(""), &FILES);
    let build = cargo(folder.path())
        .args(["check", "-q", "--lib", "--no-default-features"])
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&build.stderr);
    for words in [
        "`DateTime<Utc>` cannot be a parameter of a hook",
        "see \"Types of other crates\"",
    ] {
        assert!(errors.contains(words), "{errors}");
    }
    // However often it stands there.
    assert_eq!(errors.matches("error[").count(), 1, "{errors}");
}
