//! `cargo xtask demo`: the main job on real input. The comparing is the example host's.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{cargo, output, root, run, target};

/// The plugin packages.
const PACKAGES: [&str; 7] = [
    "echo",
    "extractors",
    "fixed-chunker",
    "rewriters",
    "sentence-chunker",
    "tenant-policy",
    "text-stats",
];

/// Their executables.
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

/// Builds the plugins and the host, lets each executable write its manifest, runs the host.
pub(crate) fn run_demo(arguments: &[String]) -> Result<(), String> {
    let self_test = arguments.iter().any(|argument| argument == "--self-test");
    let files: Vec<&String> = arguments
        .iter()
        .filter(|argument| *argument != "--self-test")
        .collect();
    let file = match files.as_slice() {
        [] => root().join("README.md"),
        [file] => PathBuf::from(file),
        _ => return Err("usage: cargo xtask demo [FILE] [--self-test]".to_owned()),
    };

    let mut build = cargo(&["build", "--release", "-p", "host"]);
    for package in PACKAGES {
        build.args(["-p", package]);
    }
    if self_test {
        build.args(["--features", "host/impostor"]);
    }
    run(&mut build)?;

    let binaries = target().join("release");
    let plugins = target().join("demo-plugins");
    let mut names = PLUGINS.to_vec();
    if self_test {
        names.push("impostor");
    }
    write_manifests(&binaries, &plugins, &names)?;

    let mut host = Command::new(binaries.join("host"));
    host.arg(&plugins).arg(&file);
    if !self_test {
        return run(&mut host);
    }
    host.arg("--self-test");
    let status = host
        .status()
        .map_err(|error| format!("the host could not be started: {error}"))?;
    if status.code() == Some(1) {
        println!("the self-test passed: a plugin that differs was found, exit code 1");
        Ok(())
    } else {
        Err(format!(
            "the host ended with {status}; with a plugin that differs it must end with 1"
        ))
    }
}

/// A folder for each plugin, with the manifest its executable prints.
fn write_manifests(binaries: &Path, plugins: &Path, names: &[&str]) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("`{}`: {error}", path.display());
    if plugins.exists() {
        std::fs::remove_dir_all(plugins).map_err(|error| failed(plugins, error))?;
    }
    for name in names {
        let folder = plugins.join(name);
        std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        let manifest = output(Command::new(binaries.join(name)).arg("manifest"))?;
        let path = folder.join("dagstack.toml");
        std::fs::write(&path, manifest).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
