//! The published vectors: canonical JSON, secret names and (feature `manifest`) manifests.
//!
//! All rows pass, with these exceptions:
//!
//! * `canonical_json.jsonl`, twelve rows ([`SPELT_AS_PYTHON`]): their expected text spells floats from
//!   1e16 on as Python does, against the specification and the other rows. They are compared by value.
//! * `manifests`, verdict `reject at registration`: the file itself is right. What is refused is the
//!   plugin, by a registry, and is tested there.
//! * `log_records.jsonl` is not for this crate's JSON but for its logger, and is compared where that
//!   is tested.
//!
//! They are read from `shared/vectors` beside the workspace, or from the folder that
//! `DAGSTACK_VECTORS` names. Where neither is there, a smaller set under `tests/vectors` takes
//! its place, and a line says so.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy sees no tests in the helpers of an integration test"
)]

use std::path::{Path, PathBuf};

use dagstack_plugin::{canonical_json, secrets};
use serde_json::Value;

/// The folder of the vectors, and whether it is the full set.
fn vectors() -> (PathBuf, bool) {
    if let Some(folder) = std::env::var_os("DAGSTACK_VECTORS") {
        return (folder.into(), true);
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let full = package.join("../../shared/vectors");
    if full.join("canonical_json.jsonl").is_file() {
        return (full, true);
    }
    println!(
        "the full vectors are not at {}: a part of them is checked",
        full.display()
    );
    (package.join("tests/vectors"), false)
}

fn lines(file: &str, full: usize) -> Vec<Value> {
    let (folder, is_full) = vectors();
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let least = if is_full { full } else { 30 };
    assert!(
        lines.len() >= least,
        "{}: {} lines",
        path.display(),
        lines.len()
    );
    lines
}

/// Rows whose expected text contradicts the specification ("floats in ECMAScript form") and the
/// other rows: they hold an integer beyond 2^53 too, and spell floats from 1e16 on as Python
/// does (`7.644627139667987e+16`, where row 347 has `16083469913678506`).
const SPELT_AS_PYTHON: [u64; 12] = [349, 377, 383, 407, 409, 413, 417, 421, 425, 441, 469, 479];

#[test]
fn canonical_json_byte_for_byte() {
    let (mut exact, mut respelt) = (0, 0);
    for line in lines("canonical_json.jsonl", 200) {
        let text = |key| line[key].as_str().unwrap();
        let (input, canonical) = (text("input"), text("canonical"));
        let value: Value = serde_json::from_str(input).unwrap();
        let ours = canonical_json::to_string(&value).unwrap();
        // A canonical text is its own canonical form.
        let again: Value = serde_json::from_str(&ours).unwrap();
        assert_eq!(canonical_json::to_string(&again).unwrap(), ours);
        if line["id"]
            .as_u64()
            .is_some_and(|id| SPELT_AS_PYTHON.contains(&id))
        {
            // Fails once the row is mended: then take it off the list.
            assert_ne!(ours, canonical, "row {} agrees now", line["id"]);
            let theirs: Value = serde_json::from_str(canonical).unwrap();
            assert_eq!(canonical_json::to_string(&theirs).unwrap(), ours);
            respelt += 1;
        } else {
            assert_eq!(ours, canonical, "{input}");
            exact += 1;
        }
    }
    println!("{exact} rows byte for byte, {respelt} by value");
    assert!(exact >= 30);
}

#[test]
fn secret_names() {
    let lines = lines("secret_names.jsonl", 120);
    for line in &lines {
        let name = line["name"].as_str().unwrap();
        assert_eq!(
            secrets::is_secret_name(name),
            line["config_masked"],
            "{name:?} in a config"
        );
        assert_eq!(
            secrets::is_secret_attribute(name),
            line["log_masked"],
            "{name:?} in a log"
        );
    }
    assert!(
        lines
            .iter()
            .any(|line| line["log_masked"] != line["config_masked"])
    );
}

#[cfg(feature = "manifest")]
#[test]
fn manifests() {
    use dagstack_plugin::manifest::Manifest;

    let (folder, is_full) = vectors();
    let folder = folder.join("manifests");
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&index).unwrap();
    assert!(
        cases.len() >= if is_full { 40 } else { 10 },
        "{} cases",
        cases.len()
    );
    let mut rejected = 0;
    for case in &cases {
        let (file, verdict) = (
            case["file"].as_str().unwrap(),
            case["rust_loader"].as_str().unwrap(),
        );
        let loaded = Manifest::load(folder.join(file));
        if verdict.starts_with("reject") && verdict != "reject at registration" {
            rejected += 1;
            let error = loaded.expect_err(file).to_string();
            assert!(error.contains(file), "{error}");
            if verdict.contains("cycle") {
                assert!(error.contains("cycle"), "{error}");
            }
            continue;
        }
        let manifest = loaded.unwrap_or_else(|error| panic!("{error}"));
        // What was read can be passed on, and written for others to read.
        assert_eq!(
            Manifest::from_json_value(&manifest.to_json_value()).unwrap(),
            without_warnings(manifest.clone())
        );
        let written = Manifest::parse(&manifest.to_toml(), file).unwrap();
        assert_eq!(written.key(), manifest.key());
        if file.starts_with("05-") {
            assert_eq!(manifest.name, "from-plugin");
        }
    }
    assert!(rejected >= cases.len() / 5, "{rejected} rejected");
}

#[cfg(feature = "manifest")]
fn without_warnings(
    mut manifest: dagstack_plugin::manifest::Manifest,
) -> dagstack_plugin::manifest::Manifest {
    manifest.warnings.clear();
    manifest
}
