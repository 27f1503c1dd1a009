//! Packages outside this workspace: what a user makes by `cargo new`, with a feature set of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace;

/// Runs a command and returns its standard output.
///
/// # Panics
///
/// When it fails.
pub fn output(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Cargo in a package's folder.
pub fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(folder)
        // A target folder of its own, kept between runs: the packages are made anew each time.
        .env(
            "CARGO_TARGET_DIR",
            workspace().join("target").join("readme"),
        )
        .env_remove("RUSTFLAGS");
    cargo
}

/// Makes a package with the versions this workspace is tested with.
///
/// # Panics
///
/// When a file cannot be written.
pub fn package(folder: &Path, manifest: &str, files: &[(&str, &str)]) {
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file");
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a file");
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}
