//! The checks of CI that are not tests.

use crate::shell::{cargo, run};

/// The formatting.
pub(crate) fn fmt() -> Result<(), String> {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))
}

/// Compiler and clippy warnings are errors; also for a plugin library as a host builds it, and for a host
/// without processes. What the macros expand to has nothing for the stricter lints either.
pub(crate) fn lint() -> Result<(), String> {
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(&mut cargo(&[
        "clippy",
        "-p",
        "dagstack-plugin",
        "-p",
        "echo",
        "--lib",
        "--no-default-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(&mut cargo(&[
        "clippy",
        "-p",
        "dagstack-runtime",
        "--all-targets",
        "--no-default-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(&mut cargo(&[
        "clippy",
        "-p",
        "chunker-kind",
        "-p",
        "echo",
        "-p",
        "fixed-chunker",
        "-p",
        "rewriters",
        "--lib",
        "--no-deps",
        "--",
        "-W",
        "clippy::pedantic",
        "-D",
        "warnings",
    ]))
}

/// The documentation builds without a warning.
pub(crate) fn doc() -> Result<(), String> {
    run(cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ])
    .env(
        "RUSTDOCFLAGS",
        "-D warnings -A rustdoc::private_intra_doc_links",
    ))
}
