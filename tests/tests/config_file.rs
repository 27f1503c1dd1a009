//! `--config FILE` of an executable: what is wrong is said at once, and never with a secret.

use std::process::{Command, Output, Stdio};

use dagstack_tests::built;

fn run(config: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    std::fs::write(&file, config).expect("a file");
    Command::new(built("fixed-chunker"))
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("it starts")
}

const CALL: [&str; 3] = ["call", "chunk", r#"{"text": "abcd"}"#];

#[test]
fn both_forms_are_read() {
    for config in ["max_size = 2\n", r#"{"max_size": 2}"#] {
        let output = run(config, &CALL);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.matches("\"start\"").count(), 2, "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_shows_its_line_and_no_secret() {
    for config in [
        "max_size = 2\nid_key = \"hunter2hunter2\n",
        "{\"max_size\": 2,\n\"id_key\": \"hunter2hunter2}",
        "max_size = 2\nid_key = hunter2hunter2\n",
    ] {
        let output = run(config, &CALL);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("line"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

/// Also when serving: on a terminal nobody would see the answer to `initialize`.
#[test]
fn a_section_that_does_not_fit_ends_the_start() {
    for arguments in [&CALL[..], &[]] {
        let output = run("max_size = 0\nid_key = 12345678\n", arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("chunker.fixed.max_size"), "{error}");
        assert!(error.contains("chunker.fixed.id_key"), "{error}");
        assert!(!error.contains("12345678"), "{error}");
    }
}

/// The section alone, and a host's whole file (newcomer 14).
#[test]
fn n14_a_section_may_stand_under_its_name() {
    for config in [
        "[chunker.fixed]\nmax_size = 2\n",
        "[chunker.fixed]\nmax_size = 2\n\n[chunker.other]\nx = 1\n\n[tool.echo]\n",
        r#"{"chunker": {"fixed": {"max_size": 2}}, "app": {"port": 80}}"#,
    ] {
        let output = run(config, &CALL);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.matches("\"start\"").count(), 2, "{config}: {output:?}");
    }
    let output = run("max_size = 2\n[chunker.fixed]\nmax_pieces = 3\n", &CALL);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("`max_size` stands outside of its section `[chunker.fixed]`"),
        "{error}"
    );
}

/// As a host tells them: all at once, behind the error's code (newcomer 14).
#[test]
fn n14_missing_and_unknown_keys_are_told_together() {
    for (prefix, arguments) in [("", &CALL[..]), ("[chunker.fixed]\n", &CALL), ("", &[])] {
        let output = run(&format!("{prefix}max_siz = 2\nmax_pieces = 0\n"), arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.starts_with("error: config_invalid: invalid config for `chunker.fixed`"),
            "{error}"
        );
        assert!(
            error.contains("`chunker.fixed.max_siz`: unknown key (did you mean `max_size`?)"),
            "{error}"
        );
        assert!(
            error.contains("`chunker.fixed.max_pieces`: found 0"),
            "{error}"
        );
    }
}
