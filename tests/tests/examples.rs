//! Each example is a package to copy.

use std::fs;
use std::path::Path;

use dagstack_tests::scratch::{cargo, output};
use dagstack_tests::workspace;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a file");
        }
    }
}

/// Cargo reads it where no workspace is around it.
#[test]
fn every_example_stands_alone() {
    let scratch = tempfile::tempdir().expect("a folder");
    let examples = fs::read_dir(workspace().join("examples")).expect("a folder");
    let mut seen = 0;
    for example in examples {
        let from = example.expect("an entry").path();
        let to = scratch.path().join(from.file_name().expect("a name"));
        copy(&from, &to);
        let metadata = output(cargo(&to).args(["metadata", "--no-deps", "--format-version", "1"]));
        assert!(
            metadata.contains("\"edition\":\"2024\""),
            "{}",
            to.display()
        );
        seen += 1;
    }
    assert!(seen > 10, "{seen} examples");
}
