//! Behaviour 9: features of serde_json that anybody in the graph switches on for all
//! (`arbitrary_precision`, `preserve_order`, `unbounded_depth`) change nothing.
//!
//! The package is built outside this workspace, where the features are off.

use dagstack_tests::scratch::{cargo, output, package};
use dagstack_tests::workspace;

#[test]
fn b09_numbers_that_keep_their_text_are_read_and_written_as_others_are() {
    let root = workspace().display();
    let manifest = format!(
        r#"[package]
name = "precise"
version = "0.1.0"
edition = "2024"

[dependencies]
dagstack-plugin = {{ path = "{root}/dagstack-plugin", features = ["stdio"] }}
dagstack-runtime = {{ path = "{root}/runtime" }}
serde_json = {{ version = "1", features = ["arbitrary_precision", "preserve_order", "unbounded_depth"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    package(
        folder.path(),
        &manifest,
        &[
            ("src/lib.rs", include_str!("../features/src/lib.rs")),
            (
                "src/bin/plugin.rs",
                include_str!("../features/src/bin/plugin.rs"),
            ),
            (
                "src/bin/host.rs",
                include_str!("../features/src/bin/host.rs"),
            ),
        ],
    );
    output(cargo(folder.path()).args(["build", "-q", "--bin", "plugin"]));
    let said = output(cargo(folder.path()).args(["run", "-q", "--bin", "host"]));
    assert!(said.ends_with("all agree\n"), "{said}");
}
