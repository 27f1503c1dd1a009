//! What the compiler says to an author who made a mistake: one case per file under `ui/*/fail`.
//!
//! The snapshots hold the words of the compiler named in `rust-toolchain.toml`. After a change of a
//! message, `TRYBUILD=overwrite cargo test -p dagstack-tests --test ui`, and read the difference as
//! an author would.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the machinery, which an author must never meet.
const INTERNAL: &[&str] = &[
    "__private",
    "__dagstack",
    "__DAGSTACK",
    "Asked",
    "E0599",
    "Ended",
    "Fitting",
    "HookSpec",
    "Native<",
    "Probe",
    "`Run`",
    "plugin_of_kind",
];

#[test]
fn mistakes_are_reported_in_plain_words() {
    lay_out_hookspecs();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
}

/// `include_kind!` reads files beside the `Cargo.toml` of its crate, and a case's is trybuild's.
fn lay_out_hookspecs() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/include_kind/hookspecs");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let to = target.join("tests/trybuild/dagstack-tests/hookspecs");
    for folder in ["", "schemas"] {
        fs::create_dir_all(to.join(folder)).unwrap();
        for file in fs::read_dir(from.join(folder)).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                fs::copy(&file, to.join(folder).join(file.file_name().unwrap())).unwrap();
            }
        }
    }
}

#[test]
fn each_mistake_is_one_error_at_the_authors_own_code() {
    let mut complaints = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 170, "only {} cases", cases.len());
    for case in cases {
        let source = fs::read_to_string(&case).unwrap();
        let Ok(stderr) = fs::read_to_string(case.with_extension("stderr")) else {
            complaints.push(format!("{}: no snapshot", case.display()));
            continue;
        };
        let expected = source
            .lines()
            .find_map(|line| line.strip_prefix("// errors: "))
            .map_or(1, |count| count.parse().unwrap());
        let found = stderr
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        if found != expected {
            complaints.push(format!(
                "{}: {found} errors for {expected} mistakes",
                case.display()
            ));
        }
        for word in INTERNAL {
            if stderr.contains(word) {
                complaints.push(format!("{}: shows `{word}`", case.display()));
            }
        }
        let file = case.file_name().unwrap().to_str().unwrap();
        for line in stderr.lines() {
            if let Some(place) = line.trim_start().strip_prefix("--> ")
                && !place.contains(file)
            {
                complaints.push(format!("{}: points at {place}", case.display()));
            }
        }
        if stderr.contains("E0425") && !file.contains("unknown") {
            complaints.push(format!("{}: E0425", case.display()));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|topic| fs::read_dir(topic.unwrap().path().join("fail")).unwrap())
        .map(|case| case.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .collect();
    cases.sort();
    cases
}
