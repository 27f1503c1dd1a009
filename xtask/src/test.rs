//! `cargo xtask test`: every test there is.

use crate::peers;
use crate::shell::{self, cargo};

/// Runs all tests; arguments of ours are taken out, the others go to the test runner.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let require_peers = arguments
        .iter()
        .any(|argument| argument == "--require-peers");
    let rest: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--require-peers")
        .collect();

    let peers = peers::install()?;
    if require_peers && !peers.missing.is_empty() {
        return Err(format!("missing peers: {}", peers.missing.join("; ")));
    }

    // The plugins as executables: tests start them.
    shell::run(&mut cargo(&["build", "--workspace", "--bins"]))?;

    let nextest = shell::output(&mut cargo(&["nextest", "--version"])).is_ok();
    let mut tests = cargo(if nextest {
        &["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--tests", "--no-fail-fast"]
    });
    tests.args(&rest).env("DAGSTACK_TEST_BUILT", "1");
    if let Some(python) = &peers.python {
        tests.env("DAGSTACK_TEST_PYTHON", python);
    }
    if let Some(node) = &peers.node {
        tests.env("DAGSTACK_TEST_NODE", node);
    }
    shell::run(&mut tests)?;

    if rest.is_empty() {
        // What a plugin library is built with has fewer features than the workspace together.
        shell::run(&mut cargo(&[
            "test",
            "--quiet",
            "-p",
            "dagstack-plugin-core",
            "--lib",
        ]))?;
        // And an executable has no jsonschema, which hosts in the workspace bring.
        shell::run(&mut cargo(&["test", "--quiet", "-p", "dagstack-engine"]))?;
        // A host that only links plugins, which other members of the workspace are not.
        shell::run(&mut cargo(&[
            "test",
            "--quiet",
            "-p",
            "dagstack-runtime",
            "--no-default-features",
            "--test",
            "linked_only",
        ]))?;
        shell::run(&mut cargo(&["test", "--quiet", "--workspace", "--doc"]))?;
    }
    for missing in &peers.missing {
        println!("SKIPPED: the tests with {missing}");
    }
    Ok(())
}

/// Rewrites all snapshots; read the difference before you commit it.
pub(crate) fn bless() -> Result<(), String> {
    shell::run(
        cargo(&["test", "-p", "dagstack-tests", "--test", "ui"]).env("TRYBUILD", "overwrite"),
    )?;
    shell::run(cargo(&["test", "-p", "dagstack-plugin-macros"]).env("UPDATE_EXPECT", "1"))
}
