//! Whatever of an author's code panics, wherever: each request is answered once, and the executable
//! goes on.
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

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stdio_support::{PATIENCE, Peer, example, initialize, lines_of, request};

fn panics(place: &str) -> Peer {
    with_stderr(place, Stdio::null())
}

fn with_stderr(place: &str, stderr: Stdio) -> Peer {
    let mut program = Command::new(example("stdio_panics"));
    Peer::of(program.env("PANICS", place), stderr)
}

/// Announces a host of ours.
fn announce(peer: &mut Peer) -> Value {
    let mut params = initialize();
    params["capabilities"] = json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}});
    peer.ask("init", "initialize", params)
}

fn config_changed(config: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "dagstack/config_changed", "params": {"config": config}})
}

/// What a request came to: `ok`, or the code of its error.
fn code(answer: &Value) -> String {
    let codes = [
        &answer["error"]["data"]["code"],
        &answer["result"]["_meta"]["dev.dagstack/error"]["code"],
    ];
    let code = codes.iter().find_map(|code| code.as_str());
    match code {
        Some(code) => code.to_owned(),
        None if answer["result"]["isError"] == true || !answer["error"].is_null() => {
            panic!("an error without a code: {answer}")
        }
        None => "ok".to_owned(),
    }
}

/// A session of a host of ours: what becomes of `initialize`, the setup, the list, a call, the health
/// check, the teardown and a second setup.
fn session(place: &str) -> String {
    let mut peer = panics(place);
    let mut codes = vec![code(&announce(&mut peer))];
    let call = json!({"name": "add", "arguments": {"number": 1}});
    for (id, (method, params)) in [
        ("dagstack/setup", json!({"config": {}})),
        ("tools/list", json!({})),
        ("tools/call", call),
        ("dagstack/health", json!({})),
        ("dagstack/teardown", json!({})),
        ("dagstack/setup", json!({"config": {"number": 3}})),
    ]
    .into_iter()
    .enumerate()
    {
        codes.push(code(&peer.ask(id + 2, method, params)));
    }
    let (rest, status, _) = peer.end();
    assert!(status.success() && rest.is_empty(), "{place}: {rest:?}");
    codes.join(" ")
}

#[test]
fn every_request_of_a_host_is_answered() {
    // How the setup, the list, the call, the health check, the teardown and the second setup end.
    const UNAVAILABLE: &str = "panicked ok unavailable ok ok panicked";
    let mut wrong = Vec::new();
    for (place, codes) in [
        ("", "ok ok ok ok ok ok"),
        ("config deserialize", "ok ok ok ok ok panicked"),
        ("argument deserialize", "ok ok panicked ok ok ok"),
        ("result serialize", "ok ok panicked ok ok ok"),
        ("result drop", "ok ok panicked ok ok ok"),
        ("setup", UNAVAILABLE),
        ("setup after a wait", UNAVAILABLE),
        ("setup error,display", UNAVAILABLE),
        ("setup error,error drop", UNAVAILABLE),
        ("health", "ok ok ok ok ok ok"),
        ("health after a wait", "ok ok ok ok ok ok"),
        ("teardown", "ok ok ok ok panicked ok"),
        ("teardown after a wait", "ok ok ok ok panicked ok"),
        ("teardown error,display", "ok ok ok ok panicked ok"),
        ("teardown error,error drop", "ok ok ok ok panicked ok"),
        ("drop", "ok ok ok ok panicked ok"),
    ] {
        let found = session(place);
        if found != format!("ok {codes}") {
            wrong.push(format!("{place}: {found}; expected {codes}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What `initialize` announces is made of schemas, and so is what a setup checks.
#[test]
fn every_request_is_answered_where_no_schema_can_be_made() {
    const NO_LIST: &str = "panicked ok panicked panicked ok ok ok";
    for (whose, codes) in [
        ("config", "panicked panicked ok unavailable ok ok panicked"),
        ("argument", NO_LIST),
        ("result", NO_LIST),
    ] {
        for place in ["schema", "schema name"] {
            let place = format!("{whose} {place}");
            assert_eq!(session(&place), codes, "{place}");
        }
    }
}

/// The error of a hook is shown by the hook, and searched for secrets, shown and dropped by us.
#[test]
fn every_call_is_answered_whose_error_panics() {
    for (place, expected) in [
        ("", "hook_failed"),
        ("display", "panicked"),
        ("debug", "hook_failed"),
        ("error drop", "hook_failed"),
    ] {
        let mut peer = panics(place);
        announce(&mut peer);
        for (id, config) in [json!({}), json!({"api_key": "a-secret-of-some-length"})]
            .into_iter()
            .enumerate()
        {
            let up = peer.ask(3 * id + 2, "dagstack/setup", json!({ "config": config }));
            assert_eq!(code(&up), "ok", "{place}: {up}");
            let called = peer.ask(3 * id + 3, "tools/call", json!({"name": "fail"}));
            assert_eq!(code(&called), expected, "{place}: {called}");
            peer.ask(3 * id + 4, "dagstack/teardown", json!({}));
        }
        assert!(peer.end().1.success());
    }
}

/// Panics are searched for secrets, too, and each config has others.
#[test]
fn calls_whose_error_panics_are_answered_while_the_config_changes() {
    const ROUNDS: usize = 40;
    const CALLS: usize = 10;
    let mut peer = panics("debug");
    announce(&mut peer);
    let config = |number: usize| json!({"api_key": format!("a-secret-of-some-length-{number}")});
    let up = peer.ask("up", "dagstack/setup", json!({"config": config(0)}));
    assert_eq!(code(&up), "ok", "{up}");
    for round in 1..=ROUNDS {
        let messages: Vec<_> = (0..CALLS)
            .flat_map(|call| {
                let fail = request(call, "tools/call", json!({"name": "fail"}));
                [config_changed(config(round * CALLS + call)), fail]
            })
            .collect();
        peer.send_all(&messages);
        for _ in 0..CALLS {
            let called = peer.answer();
            assert_eq!(code(&called), "hook_failed", "{called}");
        }
    }
    assert!(peer.end().1.success());
}

#[test]
fn a_callback_for_config_changes_may_panic() {
    let mut peer = with_stderr("callback", Stdio::piped());
    let said = lines_of(peer.process.stderr.take().unwrap());
    announce(&mut peer);
    let params = json!({"config": {}, "config_watch": {"status": "covered"}});
    let up = peer.ask("up", "dagstack/setup", params);
    assert_eq!(up["result"]["config_subscriptions"], 1, "{up}");
    for number in [1, 2] {
        peer.send(&config_changed(json!({"number": number})));
        let is_told = |line: String| line.contains("panic in callback");
        while !is_told(said.recv_timeout(PATIENCE).unwrap()) {}
        let called = peer.ask(number, "tools/call", json!({"name": "add"}));
        assert_eq!(code(&called), "ok", "{called}");
    }
    assert!(peer.end().1.success());
}
