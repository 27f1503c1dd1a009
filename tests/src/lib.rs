//! Helpers of the tests in this package.

pub mod around;
pub mod brought;
pub mod configured;
pub mod failing;
pub mod gallery;
pub mod guarded;
pub mod interop;
pub mod many;
pub mod observed;
pub mod scratch;
pub mod secretive;
pub mod web;
pub mod wired;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The executable `name` of this workspace, built if nobody has.
///
/// # Panics
///
/// When it cannot be built.
pub fn built(name: &str) -> PathBuf {
    // target/debug/deps/<this test> → target/debug
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test lies in target/<profile>/deps");
    static BUILD: OnceLock<()> = OnceLock::new();
    BUILD.get_or_init(|| {
        // `cargo xtask test` has built them.
        if std::env::var_os("DAGSTACK_TEST_BUILT").is_none() {
            // Benches are built for release, and so is what they start.
            let release = folder.ends_with("release").then_some("--release");
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--workspace", "--bins"])
                .args(release)
                .current_dir(workspace())
                .status()
                .expect("cargo can be started");
            assert!(status.success(), "the workspace's executables do not build");
        }
    });
    let path = folder.join(name);
    assert!(path.exists(), "there is no `{}`", path.display());
    path
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
}

/// A peer that `cargo xtask test` installs. Without it the test says that it is skipped.
pub fn peer(variable: &str, what: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        eprintln!("SKIPPED: no {what}; `cargo xtask test` installs it");
    }
    path
}

/// How long `calls` runs take, one after the other, as a task of a runtime: where hosts make their
/// calls. For Criterion's `iter_custom`.
///
/// # Panics
///
/// When a run does.
pub fn time_in_task(calls: u64, mut run: impl FnMut() + Send + 'static) -> Duration {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime"));
    let timed = runtime.spawn(async move {
        let start = Instant::now();
        for _ in 0..calls {
            run();
        }
        start.elapsed()
    });
    runtime.block_on(timed).expect("no panic")
}
