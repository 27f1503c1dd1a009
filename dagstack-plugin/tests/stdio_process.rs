//! The executable as a process: how it ends, what it logs, its command line. Behaviours 12, 17, 18, 25
//! and 26.
#![cfg(feature = "stdio")]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod stdio_support;

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use stdio_support::{Peer, fixture, initialize, run};

/// A folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

fn stderr_of(peer: &mut Peer) -> std::thread::JoinHandle<String> {
    let mut stderr = peer.process.stderr.take().unwrap();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    })
}

#[test]
fn b12_calls_that_run_at_the_end_are_answered_and_named() {
    for by_signal in [false, true] {
        let mut peer = Peer::with_stderr(&[], Stdio::piped());
        peer.ask("init", "initialize", initialize());
        let stderr = stderr_of(&mut peer);
        for (id, hook) in [
            (1, "sleep"),
            (2, "sleep"),
            (3, "sleep_async"),
            (4, "block_async"),
        ] {
            peer.call(id, hook, json!({"ms": 600_000}));
        }
        // The older dialect has no tool errors.
        peer.request(
            6,
            "execute",
            json!({"function": "sleep", "args": {"ms": 600_000}}),
        );
        // This one comes to its end within the grace period.
        peer.call(5, "until_cancelled", json!({}));
        assert_eq!(peer.ask("ping", "ping", json!({}))["id"], "ping");
        if !by_signal {
            peer.close();
        } else {
            let pid = rustix::process::Pid::from_child(&peer.process);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        }
        let mut answers: Vec<Value> = (0..6).map(|_| peer.answer()).collect();
        let (rest, status, took) = peer.end();
        assert_eq!(status.code(), Some(0));
        assert!(rest.is_empty(), "{rest:?}");
        assert!(took < Duration::from_millis(2500), "{took:?}");
        answers.sort_by_key(|answer| answer["id"].as_u64());
        for answer in &answers[..4] {
            let error = &answer["result"]["_meta"]["dev.dagstack/error"];
            assert_eq!(error["code"], "unavailable", "{answer}");
        }
        assert_eq!(
            answers[4]["result"]["structuredContent"]["result"],
            "cancelled"
        );
        let error = &answers[5]["error"];
        assert_eq!(
            (&error["code"], &error["data"]["code"]),
            (&json!(-32603), &json!("unavailable"))
        );
        let said = stderr.join().unwrap();
        let named = "`block_async`, `sleep` (3 calls), `sleep_async`";
        assert!(said.contains(named), "{said}");
        assert!(said.contains("teardown ended"), "{said}");
    }
}

/// Also requests that are no calls, and calls of which each has the same id.
#[test]
fn b12_everything_that_waits_is_answered() {
    let file = folder("b12").join("slow.toml");
    std::fs::write(&file, "setup_ms = 600000").unwrap();
    let mut peer = Peer::start(&["--config", file.to_str().unwrap()]);
    peer.request("init", "initialize", initialize());
    peer.call(1, "echo", json!({"text": "a"}));
    peer.call(1, "echo", json!({"text": "b"}));
    peer.close();
    let answers: Vec<Value> = (0..3).map(|_| peer.answer()).collect();
    let of = |id: Value| answers.iter().filter(move |answer| answer["id"] == id);
    assert_eq!(of(json!(1)).count(), 2, "{answers:?}");
    assert!(
        of(json!("init")).all(|answer| answer["error"]["code"] == -32603),
        "{answers:?}"
    );
    assert!(peer.end().1.success());
}

#[test]
fn b12_a_teardown_that_is_cut_off_is_told() {
    let file = folder("b12").join("stubborn.toml");
    std::fs::write(&file, "teardown_ms = 600000").unwrap();
    let mut peer = Peer::with_stderr(&["--config", file.to_str().unwrap()], Stdio::piped());
    peer.ask("init", "initialize", initialize());
    let stderr = stderr_of(&mut peer);
    let (_, status, took) = peer.end();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_millis(2500), "{took:?}");
    let said = stderr.join().unwrap();
    assert!(
        said.contains("the teardown did not end within 1.8s"),
        "{said}"
    );
}

/// A worker does what the thread for it would do.
#[test]
#[cfg(target_os = "linux")]
fn requests_are_answered_where_no_thread_starts() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    use stdio_support::{PATIENCE, lines_of};

    const STACK: u64 = 64 * 1024 * 1024;
    let mut program = Command::new(fixture());
    // So that nothing else takes as much memory as a thread.
    program.env("RUST_MIN_STACK", STACK.to_string());
    program.env("MALLOC_ARENA_MAX", "1");
    let mut peer = Peer::of(&mut program, Stdio::piped());
    let said = lines_of(peer.process.stderr.take().unwrap());
    let mut params = initialize();
    // Nothing waits for a setup, so the SDK needs no thread yet.
    params["capabilities"] = json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}});
    peer.ask("init", "initialize", params);
    peer.ask("up", "dagstack/setup", json!({}));
    peer.call("held up", "sleep", json!({"ms": 600_000}));
    // By another worker.
    peer.ask("ping", "ping", json!({}));
    let pid = Pid::from_child(&peer.process);
    let size = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let (_, size) = status.split_once("VmSize:").unwrap();
        let size: u64 = size.split_whitespace().next().unwrap().parse().unwrap();
        size * 1024
    };
    let mut limit = 0;
    // A thread may just have started.
    while limit < size() + STACK / 2 {
        limit = size() + STACK * 3 / 4;
        let limit = Rlimit {
            current: Some(limit),
            maximum: None,
        };
        prlimit(Some(pid), Resource::As, limit).unwrap();
    }
    for id in ["list", "list again"] {
        let listed = peer.ask(id, "tools/list", json!({}));
        assert!(listed["result"]["tools"].is_array(), "{listed}");
    }
    let is_told = |line: String| line.contains("cannot start the protocol's thread");
    while !is_told(said.recv_timeout(PATIENCE).unwrap()) {}
}

/// What `call` logs of the fixture under these variables.
fn logged(variables: &[(&str, &str)]) -> String {
    let output = Command::new(fixture())
        .args(["call", "log", "{}"])
        .env_remove("DAGSTACK_LOG")
        .env_remove("RUST_LOG")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn b17_both_variables_take_directives() {
    for variable in ["RUST_LOG", "DAGSTACK_LOG"] {
        let said = logged(&[(variable, "by_log=debug,by_tracing=warn,info")]);
        assert!(
            said.contains("debug by log") && said.contains("info by log"),
            "{said}"
        );
        assert!(!said.contains("by tracing"), "{said}");
    }
    let said = logged(&[
        ("DAGSTACK_LOG", "by_tracing=debug"),
        ("RUST_LOG", "by_log=debug"),
    ]);
    assert!(
        said.contains("debug by tracing") && !said.contains("by log"),
        "{said}"
    );
    let said = logged(&[]);
    assert!(
        said.contains("info by log") && said.contains("info by tracing"),
        "{said}"
    );
    assert!(!said.contains("debug by"), "{said}");
}

#[test]
fn b17_records_of_the_log_crate_are_records() {
    let said = logged(&[("RUST_LOG", "by_log=debug")]);
    let records: Vec<Value> = said
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let records: Vec<(&Value, &Value, &Value)> = records
        .iter()
        .map(|it| {
            (
                &it["body"],
                &it["severity_text"],
                &it["instrumentation_scope"]["name"],
            )
        })
        .collect();
    let (info, debug) = (json!("info by log"), json!("debug by log"));
    let target = json!("by_log::inner");
    let levels = (json!("INFO"), json!("DEBUG"));
    assert_eq!(
        records,
        [(&info, &levels.0, &target), (&debug, &levels.1, &target)]
    );
    assert!(
        !said.contains("module_path") && said.contains("\"plugin.name\":\"fixture\""),
        "{said}"
    );
}

#[test]
fn b17_a_malformed_directive_is_told_and_stops_nothing() {
    let said = logged(&[("RUST_LOG", "by_log=dbug,by_tracing=debug")]);
    assert!(
        said.starts_with("warning: `RUST_LOG`: left out `by_log=dbug`"),
        "{said}"
    );
    assert!(said.contains("debug by tracing"), "{said}");
}

#[test]
fn b18_a_path_need_not_be_utf8() {
    let file = folder("b18").join(OsStr::from_bytes(b"odd-\xff.toml"));
    std::fs::write(&file, "prefix = \"p-\"").unwrap();
    let output = Command::new(fixture())
        .arg("--config")
        .arg(&file)
        .args(["call", "echo", "--", r#"{"text":"a"}"#])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "\"p-a\"\n");
}

#[test]
fn b18_a_number_that_json_lacks_is_told_by_its_key() {
    let file = folder("b18").join("numbers.toml");
    let file = file.to_str().unwrap();
    for (text, key) in [
        ("prefix = nan", "prefix"),
        ("[inner]\nlist = [1.0, { x = -inf }]", "inner.list[1].x"),
    ] {
        std::fs::write(file, text).unwrap();
        let (exit, _, err) = run(&["--config", file, "schema"], "");
        assert_eq!(exit, 2, "{err}");
        assert!(
            err.contains(&format!("`{key}`: found a number that JSON lacks")),
            "{err}"
        );
    }
}

#[test]
fn b18_a_wrong_command_line_says_so() {
    for (arguments, says) in [
        (&["--help=x"][..], "`--help` takes no value"),
        (
            &["--config", "a", "--config", "b", "schema"],
            "`--config` is given twice",
        ),
        (&["--cofnig", "x"], "did you mean `--config`?"),
        (
            &["call", "echo", "-5"],
            "the arguments must be a JSON object",
        ),
    ] {
        let (exit, out, err) = run(arguments, "");
        assert_eq!(exit, 2, "{arguments:?}: {err}");
        assert!(err.contains(says) && out.is_empty(), "{arguments:?}: {err}");
    }
    let (_, help, _) = run(&["--help"], "");
    for said in [
        "--command",
        "--output",
        "--tool-names",
        "DAGSTACK_LOG",
        "RUST_LOG",
    ] {
        assert!(help.contains(said), "{said}: {help}");
    }
}

#[test]
fn b25_the_command_line_calls_and_shows_what_is_exposed() {
    let (exit, _, err) = run(&["call", "own", "{}"], "");
    assert_eq!(exit, 2);
    assert!(
        err.contains("error: not_exposed: hook `own` of `sample.fixture`"),
        "{err}"
    );
    let (_, _, err) = run(&["call", "owm", "{}"], "");
    assert!(
        err.contains("unknown_hook") && !err.contains("`own`"),
        "{err}"
    );
    for shown in [run(&["schema"], "").1, run(&["--help"], "").1] {
        assert!(shown.contains("echo"), "{shown}");
        assert!(
            !shown.contains("\"own\"") && !shown.contains("  own"),
            "{shown}"
        );
    }
}

/// As pipes are that somebody else, like Node, has made non-blocking.
#[test]
fn b25_the_command_line_waits_for_pipes_that_do_not_block() {
    let long = "x".repeat(1_000_000);
    let (input, mut arguments) = std::io::pipe().unwrap();
    let (mut output, result) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&input, true).unwrap();
    rustix::io::ioctl_fionbio(&result, true).unwrap();
    let mut process = {
        let mut call = Command::new(fixture());
        call.args(["call", "echo", "-"]).stdin(input).stdout(result);
        call.spawn().unwrap()
    };
    let text = json!({ "text": long }).to_string();
    arguments.write_all(text.as_bytes()).unwrap();
    drop(arguments);
    let mut answer = String::new();
    output.read_to_string(&mut answer).unwrap();
    assert!(process.wait().unwrap().success());
    assert_eq!(answer, format!("\"{long}\"\n"));
}

/// Runs `manifest` of a program in a folder: its `command`, and what it says on stderr.
fn manifest(program: &Path, current: &Path, arguments: &[&str]) -> (Value, String) {
    let output: Output = Command::new(program)
        .arg("manifest")
        .args(arguments)
        .current_dir(current)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = match arguments {
        ["-o" | "--output", file, ..] => std::fs::read_to_string(current.join(file)).unwrap(),
        _ => String::from_utf8(output.stdout).unwrap(),
    };
    let written = dagstack_plugin::manifest::Manifest::parse(&text, "dagstack.toml").unwrap();
    let command = json!(written.mcp_stdio.unwrap().command);
    (command, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn b26_the_command_is_relative_to_the_manifests_folder() {
    let root = folder("b26");
    let bin = root.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let program = bin.join("fixture");
    std::fs::copy(fixture(), &program).unwrap();
    let own = json!([program]);
    for (current, arguments, command) in [
        (
            &root,
            &["-o", "dagstack.toml"][..],
            json!(["./bin/fixture"]),
        ),
        (&bin, &["-o", "dagstack.toml"], json!(["./fixture"])),
        (
            &root,
            &["--output", "bin/dagstack.toml"],
            json!(["./fixture"]),
        ),
        // To nobody knows where: the current folder.
        (&bin, &[], json!(["./fixture"])),
        (
            &root,
            &["--command", "run", "-m", "x"],
            json!(["run", "-m", "x"]),
        ),
    ] {
        let (found, err) = manifest(&program, current, arguments);
        assert_eq!(found, command, "{arguments:?}");
        assert!(err.is_empty(), "{err}");
    }
    let beside = root.join("beside");
    std::fs::create_dir_all(&beside).unwrap();
    for arguments in [&["-o", "dagstack.toml"][..], &[]] {
        assert_eq!(manifest(&program, &beside, arguments).0, own);
    }
}

/// As in `shout manifest > plugins/shout/dagstack.toml`.
#[test]
#[cfg(target_os = "linux")]
fn b26_a_redirected_manifest_knows_its_folder() {
    let root = folder("b26-redirected");
    let program = root.join("fixture");
    std::fs::copy(fixture(), &program).unwrap();
    let inner = root.join("inner");
    std::fs::create_dir_all(&inner).unwrap();
    for (file, command) in [
        (
            root.join("dagstack.toml"),
            "command = [\"./fixture\"]".to_owned(),
        ),
        (
            inner.join("dagstack.toml"),
            format!("command = [{:?}]", program),
        ),
    ] {
        let status = Command::new(&program)
            .arg("manifest")
            .current_dir("/")
            .stdout(std::fs::File::create(&file).unwrap())
            .status()
            .unwrap();
        assert!(status.success());
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(&command), "{text}");
    }
}

#[test]
fn b26_a_command_in_a_build_folder_is_warned_of() {
    let root = folder("b26-build");
    let (command, err) = manifest(fixture(), &root, &["-o", "dagstack.toml"]);
    assert_eq!(command, json!([fixture().canonicalize().unwrap()]));
    assert!(
        err.contains("warning: the manifest's command points into a build folder"),
        "{err}"
    );
    assert!(err.contains("--command"), "{err}");
    let above = fixture().parent().unwrap();
    // Nobody knows where it goes, but not here.
    let (command, err) = manifest(fixture(), above, &[]);
    assert_eq!(command, json!([fixture().canonicalize().unwrap()]));
    assert!(err.contains("build folder"), "{err}");
    let (_, err) = manifest(fixture(), &root, &["--command", "./target/release/x"]);
    assert!(err.contains("build folder"), "{err}");
    let (_, err) = manifest(fixture(), &root, &["--command", "./bin/x"]);
    assert!(err.is_empty(), "{err}");
}
