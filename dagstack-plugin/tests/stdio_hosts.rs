//! The plugin executable's dagstack extension, its older dialect, and its command line.
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

use std::io::Read as _;

use serde_json::{Value, json};
use stdio_support::{Peer, initialize, request, run};

fn our_host() -> Peer {
    let mut peer = Peer::start(&[]);
    let mut params = initialize();
    params["capabilities"] = json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}});
    let answer = peer.ask(1, "initialize", params);
    let announced = &answer["result"]["capabilities"]["experimental"]["dev.dagstack/plugin"];
    assert_eq!(announced["version"], 1);
    assert_eq!(announced["manifest"]["name"], "fixture");
    assert_eq!(
        announced["hooks"][0],
        json!({"name": "echo", "tool": "sample.fixture.echo", "wraps_result": true})
    );
    assert!(announced["config_schema"]["properties"]["prefix"].is_object());
    peer
}

#[test]
fn the_extension_sets_up_and_tears_down() {
    let mut peer = our_host();
    let early = peer.hook("echo", json!({"text": "a"}));
    assert_eq!(early["_meta"]["dev.dagstack/error"]["code"], "unavailable");
    let wrong = peer.ask(2, "dagstack/setup", json!({"config": {"prefxi": "a"}}));
    assert_eq!(wrong["error"]["data"]["code"], "config_invalid", "{wrong}");
    assert!(wrong["error"]["data"]["problems"].is_array(), "{wrong}");
    // Calls behind a setup wait for it.
    peer.request(
        3,
        "dagstack/setup",
        json!({"config": {"prefix": "p-", "setup_ms": 100}}),
    );
    peer.call(4, "echo", json!({"text": "a"}));
    let mut answers = [peer.answer(), peer.answer()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers[0]["result"], json!({ "config_subscriptions": 0 }));
    assert_eq!(
        answers[1]["result"],
        json!({"content": [], "structuredContent": {"result": "p-a"}, "isError": false})
    );
    let again = peer.ask(5, "dagstack/setup", json!({}));
    assert_eq!(again["error"]["data"]["code"], "already_set_up");
    let health = peer.ask(6, "dagstack/health", json!({}));
    assert_eq!(
        health["result"],
        json!({"status": "degraded", "reason": "it is a fixture"})
    );
    let down = peer.ask(7, "dagstack/teardown", json!({}));
    assert_eq!(down["result"], json!({"released": "all"}));
    let late = peer.hook("echo", json!({"text": "a"}));
    assert_eq!(late["_meta"]["dev.dagstack/error"]["code"], "unavailable");
    let anew = peer.ask(8, "dagstack/setup", json!({"config": {}}));
    assert_eq!(anew["result"], json!({ "config_subscriptions": 0 }));
    assert_eq!(peer.hook("echo", json!({"text": "a"}))["isError"], false);
    assert!(peer.end().1.success());
}

#[test]
fn b20_a_secret_of_a_reloaded_config_is_hidden_too() {
    let mut peer = our_host();
    let config = json!({"api_key": "the-first-secret", "follows": true});
    let answer = peer.ask(2, "dagstack/setup", json!({ "config": config }));
    assert_eq!(answer["result"]["config_subscriptions"], 1, "{answer}");
    let config = json!({"api_key": "the-other-secret", "follows": true});
    peer.send(&json!({
        "jsonrpc": "2.0", "method": "dagstack/config_changed", "params": { "config": config },
    }));
    let told = peer.hook("quote_new_key", json!({}));
    let error = &told["_meta"]["dev.dagstack/error"];
    assert_eq!(error["message"], "[MASKED]", "{told}");
    // The first one may still be quoted somewhere.
    let told = peer.hook("fail", json!({"text": "it was the-first-secret"}));
    let error = &told["_meta"]["dev.dagstack/error"];
    assert_eq!(error["message"], "it was [MASKED]", "{told}");
}

/// Long and short ones: nobody who could guess is told why a setup failed by calling it.
#[test]
fn b20_a_setup_that_fails_tells_no_secret() {
    for key in ["hunter2", "open-sesame-open"] {
        let mut peer = our_host();
        let config = json!({"fail": true, "api_key": key});
        let failed = peer.ask(2, "dagstack/setup", json!({ "config": config }));
        let refused = peer.hook("echo", json!({"text": "a"}));
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("fails-{}-{key}.json", std::process::id()));
        std::fs::write(&file, config.to_string()).unwrap();
        let call = ["call", "echo", r#"{"text": "a"}"#];
        let arguments = [&["--config", file.to_str().unwrap()][..], &call].concat();
        let (exit, _, err) = run(&arguments, "");
        assert_eq!(exit, 1, "{err}");
        for said in [failed.to_string(), refused.to_string(), err] {
            assert!(
                said.contains("asked to fail") && said.contains("[MASKED]"),
                "{said}"
            );
            assert!(!said.contains(key), "{said}");
        }
    }
}

#[test]
fn the_python_dialect() {
    let mut peer = Peer::start(&[]);
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"initialize\",\"params\":{\"capabilities\":{}},\"id\":1}\n");
    let answer = peer.answer();
    assert_eq!(answer["id"], 1);
    assert_eq!(
        answer["result"]["server_info"]["name"], "fixture",
        "{answer}"
    );
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"get_schema\",\"id\":2}\n");
    assert_eq!(peer.answer()["result"][0]["name"], "echo");
    for params in [
        json!({"function": "echo", "args": {"text": "a"}}),
        json!({"args": {"function": "echo", "text": "a"}}),
        json!({"args": {"function": "echo", "args": {"text": "a"}}}),
    ] {
        assert_eq!(
            peer.ask(3, "execute", params)["result"],
            json!({"result": "a"})
        );
    }
    let several = peer.ask(4, "execute", json!({"args": {"text": "a"}}));
    assert_eq!(several["error"]["code"], -32602);
    let failed = peer.ask(
        5,
        "execute",
        json!({"function": "fail", "args": {"text": "a"}}),
    );
    assert_eq!(failed["error"]["data"]["code"], "asked_to_fail");
    assert!(peer.ask(6, "shutdown", json!({}))["result"].is_object());
    let (rest, status, _) = peer.end();
    assert!(rest.is_empty() && status.success());
}

#[test]
fn commands_and_their_exit_codes() {
    assert_eq!(run(&["call", "echo", r#"{"text":"a"}"#], "").1, "\"a\"\n");
    assert_eq!(run(&["call", "echo", "-"], r#"{"text":"b"}"#).1, "\"b\"\n");
    assert_eq!(run(&["call", "print", r#"{"bytes":64}"#], "").1, "64\n");
    for (arguments, code, says) in [
        (
            &["call", "fail", r#"{"text":"no"}"#][..],
            1,
            "asked_to_fail: no",
        ),
        (&["call", "panic", "{}"], 1, "panicked: "),
        (&["call", "ecoh", "{}"], 2, "echo"),
        (
            &["call", "echo", r#"{"txt":"a"}"#],
            2,
            "invalid_arguments: ",
        ),
        (&["call", "echo", "{"], 2, "no JSON"),
        (&["call", "echo"], 2, "needs the arguments"),
        (&["scheme"], 2, "did you mean `schema`?"),
        (&["--cofnig", "x"], 2, "did you mean `--config`?"),
        (&["--config", "/nonexistent.toml"], 2, "/nonexistent.toml"),
        (
            &["--tool-names", "short"],
            2,
            "expected `full` or `function`",
        ),
    ] {
        let (exit, out, err) = run(arguments, "");
        assert_eq!(exit, code, "{arguments:?}: {err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
        assert!(out.is_empty());
    }
    let (exit, text, _) = run(&["--help"], "");
    assert!(
        exit == 0 && text.contains("text: string (required)"),
        "{text}"
    );
    let schemas: Value = serde_json::from_str(&run(&["schema"], "").1).unwrap();
    assert!(schemas["hooks"]["echo"]["input"].is_object());
    let (_, text, _) = run(&["manifest", "--command", "python", "-m", "x"], "");
    assert!(
        text.contains(r#"command = ["python", "-m", "x"]"#),
        "{text}"
    );
    assert!(run(&["--version"], "").1.starts_with("sample.fixture "));
}

/// However fast they come one after the other.
#[test]
fn a_teardown_waits_for_the_setup_before_it() {
    let mut peer = our_host();
    let setup = |prefix: &str| json!({"config": {"prefix": prefix, "setup_ms": 100}});
    peer.request("up", "dagstack/setup", setup("a-"));
    peer.request("down", "dagstack/teardown", json!({}));
    peer.request("up again", "dagstack/setup", setup("b-"));
    for id in ["up", "down", "up again"] {
        let answer = peer.answer();
        assert_eq!(answer["id"], id, "{answer}");
        assert!(answer["error"].is_null(), "{answer}");
    }
    let called = peer.hook("echo", json!({"text": "x"}));
    assert_eq!(called["structuredContent"]["result"], "b-x", "{called}");
    // One that is never set up is down at once.
    for id in ["down 2", "down 3"] {
        let answer = peer.ask(id, "dagstack/teardown", json!({}));
        assert_eq!(answer["result"]["released"], "all", "{answer}");
    }
    let (rest, status, _) = peer.end();
    assert!(status.success() && rest.is_empty(), "{rest:?}");
}

const ECHOES: usize = 40;

fn echoes() -> Vec<Value> {
    let echo = json!({"name": "sample.fixture.echo", "arguments": {"text": "x"}});
    let echoes = (0..ECHOES).map(|id| request(id, "tools/call", echo.clone()));
    echoes.collect()
}

/// Takes the answers of [`echoes`] and of other requests, in any order; none is an error.
fn all_are_answered(peer: &mut Peer, others: &[&str]) {
    let mut ids = Vec::new();
    for _ in 0..ECHOES + others.len() {
        let answer = peer.answer();
        let id = &answer["id"];
        let is_right = match id.as_str() {
            Some(_) => answer["error"].is_null(),
            None => answer["result"]["structuredContent"]["result"] == "x",
        };
        assert!(is_right, "{answer}");
        ids.push(id.to_string());
    }
    let mut expected: Vec<String> = (0..ECHOES).map(|id| id.to_string()).collect();
    expected.extend(others.iter().map(|id| Value::from(*id).to_string()));
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
}

/// Whether they wait for the setup or not.
#[test]
fn calls_sent_before_a_teardown_are_carried_out() {
    let mut peer = our_host();
    for round in 0..60 {
        let up = request(
            "up",
            "dagstack/setup",
            json!({"config": {"setup_ms": round % 3}}),
        );
        let mut messages = echoes();
        messages.push(request("down", "dagstack/teardown", json!({})));
        if round % 2 == 0 {
            messages.insert(0, up);
            peer.send_all(&messages);
            all_are_answered(&mut peer, &["up", "down"]);
        } else {
            peer.send(&up);
            peer.answer();
            peer.send_all(&messages);
            all_are_answered(&mut peer, &["down"]);
        }
    }
    let (rest, status, _) = peer.end();
    assert!(status.success() && rest.is_empty(), "{rest:?}");
}

/// Also for one that nobody asked for.
#[test]
fn a_teardown_waits_for_a_setup_that_a_call_began() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("slow-{}.json", std::process::id()));
    std::fs::write(&file, json!({"setup_ms": 100}).to_string()).unwrap();
    let mut peer = Peer::with_stderr(
        &["--config", file.to_str().unwrap()],
        std::process::Stdio::piped(),
    );
    let mut messages = echoes();
    messages.push(request("down", "dagstack/teardown", json!({})));
    peer.send_all(&messages);
    all_are_answered(&mut peer, &["down"]);
    let late = peer.hook("echo", json!({"text": "x"}));
    assert_eq!(late["_meta"]["dev.dagstack/error"]["code"], "unavailable");
    let mut said = String::new();
    let mut stderr = peer.process.stderr.take().unwrap();
    let (rest, status, _) = peer.end();
    assert!(status.success() && rest.is_empty(), "{rest:?}");
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said.matches("teardown ended").count(), 1, "{said}");
}
