//! Whole packages: clean builds, `cargo build` into an empty target directory, and builds after their
//! source was touched.

use std::fs;

use super::super::target_dir;
use super::{cargo, compare, megabytes, of_path, seconds, touch};
use crate::shell::root;

struct Package {
    label: &'static str,
    select: &'static [&'static str],
    /// What an author edits.
    source: &'static str,
    executable: Option<&'static str>,
}

const LIBRARIES: [Package; 2] = [
    Package {
        label: "echo",
        select: &["--package", "echo", "--no-default-features", "--lib"],
        source: "examples/echo/src/lib.rs",
        executable: None,
    },
    Package {
        label: "baseline-lib",
        select: &["--package", "baseline-lib"],
        source: "tests/peers/baseline/src/lib.rs",
        executable: None,
    },
];

const EXECUTABLES: [Package; 2] = [
    Package {
        label: "echo",
        select: &["--package", "echo", "--bin", "echo"],
        source: "examples/echo/src/lib.rs",
        executable: Some("echo"),
    },
    Package {
        label: "peer-rmcp-best",
        select: &["--package", "peers", "--bin", "peer-rmcp-best"],
        source: "tests/peers/src/rmcp_best.rs",
        executable: Some("peer-rmcp-best"),
    },
];

const DEV: &[&str] = &["dev, clean, s", "dev, touched, s"];
const RELEASE: &[&str] = &[
    "release, clean, s",
    "release, touched, s",
    "release, stripped, MB",
];

/// The echo plugin as a library, beside the same by hand on serde, schemars, inventory, async-trait
/// and tracing.
pub(super) fn library(rounds: usize) -> Result<String, String> {
    both(rounds, &LIBRARIES, &[("dev", DEV)])
}

/// The echo plugin's executable, beside a server by hand on rmcp.
pub(super) fn executable(rounds: usize) -> Result<String, String> {
    both(rounds, &EXECUTABLES, &[("dev", DEV), ("release", RELEASE)])
}

fn both(
    rounds: usize,
    packages: &[Package; 2],
    profiles: &[(&str, &[&'static str])],
) -> Result<String, String> {
    let labels = packages.each_ref().map(|package| package.label);
    let figures: Vec<_> = profiles.iter().map(|(_, figures)| *figures).collect();
    compare(rounds, labels, &figures, |profile, package| {
        build(&packages[package], profiles[profile].0)
    })
}

/// Builds a package twice; then its directory is removed.
fn build(package: &Package, profile: &str) -> Result<Vec<f64>, String> {
    let directory = target_dir()?.join("compile-bench").join("clean");
    let remove = || match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(of_path(&directory, &error))
        }
        _ => Ok(()),
    };
    let command = || {
        let mut command = cargo(&["build", "--locked", "--offline", "--quiet", "--target-dir"]);
        command
            .arg(&directory)
            .args(["--profile", profile])
            .args(["--config", "profile.release.strip=true"])
            .args(package.select);
        // Built as crates from a registry are.
        for ours in [
            "dagstack-manifest",
            "dagstack-plugin",
            "dagstack-plugin-core",
            "dagstack-plugin-macros",
            "dagstack-resources",
            "dagstack-server",
        ] {
            let whole = format!("profile.dev.package.{ours}.incremental=false");
            command.args(["--config", &whole]);
        }
        command
    };
    remove()?;
    let mut figures = vec![seconds(&mut command())?];
    touch(&root().join(package.source))?;
    figures.push(seconds(&mut command())?);
    if let (Some(name), "release") = (package.executable, profile) {
        figures.push(megabytes(&directory.join("release").join(name))?);
    }
    remove()?;
    Ok(figures)
}
