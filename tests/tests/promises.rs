//! What the README promises about size and dependencies.

use std::fs;
use std::process::Command;

use dagstack_tests::workspace;

/// The packages that `cargo tree` lists.
fn tree(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args([
            "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}",
        ])
        .args(arguments)
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_linked_plugin_brings_no_heavy_dependency() {
    for arguments in [
        &["-p", "dagstack-plugin"][..],
        &["-p", "fixed-chunker", "--no-default-features"][..],
    ] {
        let packages = tree(arguments);
        assert!(
            packages.iter().any(|name| name == "serde_json"),
            "{packages:?}"
        );
        for heavy in ["tokio", "rmcp", "jsonschema", "toml"] {
            assert!(
                !packages.iter().any(|name| name == heavy),
                "{arguments:?}: {heavy}"
            );
        }
    }
}

#[test]
fn an_executable_brings_no_validator_of_others() {
    let packages = tree(&["-p", "echo", "--features", "bin"]);
    assert!(packages.iter().any(|name| name == "rmcp"), "{packages:?}");
    assert!(!packages.iter().any(|name| name == "jsonschema"));
}

/// What resources bring is there for those who switch it on, and TLS needs no more than a C compiler.
#[test]
fn an_executable_brings_only_the_resources_it_asks_for() {
    let fetch = tree(&["-p", "fetch", "--features", "bin"]);
    let has = |packages: &[String], name: &str| packages.iter().any(|it| it == name);
    for name in ["reqwest", "ring", "rustls-platform-verifier"] {
        assert!(has(&fetch, name), "{name}");
    }
    let echo = tree(&["-p", "echo", "--features", "bin"]);
    let linked = tree(&["-p", "fetch", "--no-default-features"]);
    for name in [
        "reqwest",
        "ring",
        "rustls",
        "hyper",
        "object_store",
        "tempfile",
    ] {
        assert!(!has(&echo, name) && !has(&linked, name), "{name}");
    }
    for name in ["aws-lc-rs", "aws-lc-sys", "native-tls", "object_store"] {
        assert!(!has(&fetch, name), "{name}");
    }
}

#[test]
fn the_smallest_plugin_is_eleven_lines() {
    let folder = workspace().join("examples/echo/src");
    let lines: usize = ["lib.rs", "main.rs"]
        .iter()
        .map(|file| {
            let text = fs::read_to_string(folder.join(file)).expect("a file");
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("//"))
                .count()
        })
        .sum();
    assert!((1..=11).contains(&lines), "{lines} lines");
}

#[test]
fn a_plugin_of_a_kind_needs_the_kind_and_the_sdk_and_a_host_of_it_no_names() {
    let mut packages = tree(&[
        "-p",
        "sentence-chunker",
        "--no-default-features",
        "--depth",
        "1",
    ]);
    packages.sort();
    packages.dedup();
    assert_eq!(
        packages,
        ["chunker-kind", "dagstack-plugin", "sentence-chunker"]
    );
    let host = fs::read_to_string(workspace().join("examples/splitter/src/main.rs"));
    let host = host.expect("a file");
    assert!(host.contains("get::<dyn Chunker>"));
    for word in ["\"chunk\"", ".call("] {
        assert!(!host.contains(word), "the host says {word}");
    }
}
