//! Beyond calls: batches, the log view, schemas for picky clients, pages, signals.
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

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use stdio_support::{Peer, initialize, request};

fn of_version(version: &str) -> Peer {
    let mut peer = Peer::start(&[]);
    let mut params = initialize();
    params["protocolVersion"] = version.into();
    let answer = peer.ask("init", "initialize", params);
    assert_eq!(answer["result"]["protocolVersion"], version);
    peer
}

fn call(id: u32, hook: &str, arguments: Value) -> Value {
    let params = json!({"name": hook, "arguments": arguments});
    request(id, "tools/call", params)
}

fn cancel(id: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
}

/// The answers of a batch, by the text of their ids.
fn sorted(answer: Value) -> Vec<Value> {
    let mut answers = answer.as_array().expect("an array").clone();
    answers.sort_by_key(|answer| answer["id"].to_string());
    answers
}

#[test]
fn a_batch_is_answered_by_one_array() {
    let mut peer = of_version("2025-03-26");
    let long = "x".repeat(100_000);
    peer.send(&json!([
        request(1, "ping", json!({})),
        call(2, "echo", json!({"text": "a"})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request(3, "tools/list", json!({})),
        call(4, "sleep_async", json!({"ms": 20})),
        call(5, "echo", json!({"text": long})),
        request(6, "no/such", json!({})),
        call(7, "echo", json!({"txet": "a"})),
        {"jsonrpc": "2.0", "id": 8, "result": {}},
        17,
        {"id": 9, "method": "ping"},
    ]));
    let answers = sorted(peer.answer());
    let ids: Vec<&Value> = answers.iter().map(|it| &it["id"]).collect();
    assert_eq!(
        ids,
        [
            &json!(1),
            &json!(2),
            &json!(3),
            &json!(4),
            &json!(5),
            &json!(6),
            &json!(7),
            &json!(9),
            &Value::Null
        ]
    );
    assert_eq!(answers[0]["result"], json!({}));
    assert_eq!(answers[1]["result"]["structuredContent"]["result"], "a");
    assert!(answers[2]["result"]["tools"].is_array());
    assert_eq!(answers[3]["result"]["structuredContent"]["result"], 20);
    assert_eq!(answers[4]["result"]["structuredContent"]["result"], long);
    assert_eq!(answers[5]["error"]["code"], -32601);
    assert_eq!(answers[6]["result"]["isError"], true);
    assert_eq!(answers[7]["error"]["code"], -32600);
    assert_eq!(answers[8]["error"]["code"], -32600);
    // What wants no answer gets none.
    peer.send(&json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]));
    assert_eq!(peer.ask(10, "ping", json!({}))["result"], json!({}));
    let (rest, status, _) = peer.end();
    assert!(rest.is_empty() && status.success(), "{rest:?}");
}

#[test]
fn a_batch_that_is_none_is_refused() {
    let mut peer = of_version("2025-03-26");
    let many = vec![json!({"jsonrpc": "2.0", "method": "notifications/x"}); 101];
    for (batch, code, says) in [
        ("[]".to_owned(), -32600, "at least one"),
        (Value::from(many).to_string(), -32600, "at most 100"),
        ("[1,".to_owned(), -32700, "no JSON"),
    ] {
        peer.raw(format!("{batch}\n").as_bytes());
        let answer = peer.answer();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&Value::Null, &json!(code))
        );
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(says), "{said}");
    }
    peer.send(&json!([
        request(1, "initialize", initialize()),
        request(2, "ping", json!({}))
    ]));
    let answers = sorted(peer.answer());
    assert_eq!(answers[0]["error"]["code"], -32600, "{answers:?}");
    assert_eq!(answers[1]["result"], json!({}));

    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let mut peer = of_version(version);
        peer.send(&json!([request(1, "ping", json!({}))]));
        let answer = peer.answer();
        assert_eq!(answer["error"]["code"], -32600);
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains("only MCP 2025-03-26 has batches"), "{said}");
    }
}

#[test]
fn a_call_of_a_batch_can_be_cancelled_and_be_given_up() {
    let mut peer = of_version("2025-03-26");
    peer.send(&json!([
        call(1, "until_cancelled", json!({})),
        call(2, "echo", json!({"text": "a"})),
    ]));
    peer.send(&cancel(json!(1)));
    let answers = sorted(peer.answer());
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["id"], 2);
    peer.send(&json!([
        call(3, "sleep", json!({"ms": 60_000})),
        call(4, "echo", json!({"text": "a"})),
    ]));
    let (rest, status, _) = peer.end();
    assert_eq!((rest.len(), status.code()), (1, Some(0)), "{rest:?}");
    let answers = sorted(serde_json::from_str(&rest[0]).unwrap());
    assert_eq!(answers.len(), 2);
    let error = &answers[0]["result"]["_meta"]["dev.dagstack/error"];
    assert_eq!(error["code"], "unavailable");
}

/// One record of each severity.
fn say(peer: &mut Peer, meta: Value) -> Vec<Value> {
    let numbers = [1, 5, 9, 10, 13, 17, 18, 19, 21];
    let arguments = json!({"severities": numbers, "times": 1, "text": "said"});
    let params = json!({"name": "say", "arguments": arguments, "_meta": meta});
    peer.request("say", "tools/call", params);
    let mut records = Vec::new();
    loop {
        let message = peer.answer();
        if message["id"] == "say" {
            assert_eq!(message["result"]["isError"], false, "{message}");
            return records;
        }
        assert_eq!(message["method"], "notifications/message", "{message}");
        records.push(message["params"].clone());
    }
}

fn levels(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|it| it["level"].as_str().unwrap())
        .collect()
}

const ALL: [&str; 9] = [
    "debug",
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
];

#[test]
fn a_session_gets_records_from_info_or_from_the_level_it_sets() {
    let mut peer = Peer::start(&[]);
    let answer = peer.ask(1, "initialize", initialize());
    assert_eq!(answer["result"]["capabilities"]["logging"], json!({}));
    let records = say(&mut peer, json!({}));
    assert_eq!(levels(&records), ALL[2..]);
    assert_eq!(
        records[0],
        json!({
            "level": "info", "logger": "fixture",
            "data": {"message": "said", "fields": {"api_key": "***", "n": 0}},
        })
    );
    for (level, from) in [
        ("debug", 0),
        ("info", 2),
        ("notice", 3),
        ("warning", 4),
        ("error", 5),
        ("critical", 6),
        ("alert", 7),
        ("emergency", 8),
        ("debug", 0),
    ] {
        let answer = peer.ask(2, "logging/setLevel", json!({"level": level}));
        assert_eq!(answer["result"], json!({}));
        assert_eq!(levels(&say(&mut peer, json!({}))), ALL[from..], "{level}");
    }
    for params in [json!({"level": "warn"}), json!({"level": 3}), json!({})] {
        let answer = peer.ask(3, "logging/setLevel", params);
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    assert!(peer.end().0.is_empty());
}

/// The levels of stderr are another matter.
#[test]
fn the_log_view_is_apart_from_stderr() {
    let mut program = std::process::Command::new(stdio_support::fixture());
    let mut peer = Peer::of(program.env("DAGSTACK_LOG", "off"), Stdio::piped());
    let mut stderr = peer.process.stderr.take().unwrap();
    peer.ask(1, "initialize", initialize());
    peer.ask(2, "logging/setLevel", json!({"level": "debug"}));
    assert_eq!(levels(&say(&mut peer, json!({}))), ALL);
    assert!(peer.end().1.success());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
    assert!(!text.contains("\"body\""), "{text}");
}

#[test]
fn stateless_requests_get_the_records_they_ask_for() {
    let mut peer = Peer::start(&[]);
    let meta = |level: Option<&str>, capabilities: Value| {
        let mut meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        if let Some(level) = level {
            meta["io.modelcontextprotocol/logLevel"] = level.into();
        }
        meta
    };
    let none = || json!({});
    let ours = json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}});
    assert!(say(&mut peer, meta(None, none())).is_empty());
    assert_eq!(
        levels(&say(&mut peer, meta(Some("error"), none()))),
        ALL[5..]
    );
    assert_eq!(levels(&say(&mut peer, meta(Some("debug"), none()))), ALL);
    assert!(say(&mut peer, meta(None, none())).is_empty());
    assert!(say(&mut peer, meta(Some("debug"), ours)).is_empty());
    let params = json!({"name": "echo", "_meta": meta(Some("loud"), none())});
    let answer = peer.ask(1, "tools/call", params);
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let params = json!({"level": "info", "_meta": meta(None, none())});
    let answer = peer.ask(2, "logging/setLevel", params);
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

#[test]
fn dagstack_hosts_are_told_nothing_unasked() {
    let mut ours = initialize();
    ours["capabilities"] = json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}});
    let mut peer = Peer::start(&[]);
    let answer = peer.ask(1, "initialize", ours);
    assert!(answer["result"]["capabilities"].get("logging").is_none());
    peer.ask(2, "dagstack/setup", json!({"config": {}}));
    peer.ask(3, "logging/setLevel", json!({"level": "debug"}));
    assert!(say(&mut peer, json!({})).is_empty());

    let mut peer = Peer::start(&[]);
    peer.ask(1, "initialize", json!({"capabilities": {}}));
    let args = json!({"severities": [21], "times": 3, "text": "said"});
    let answer = peer.ask(2, "execute", json!({"function": "say", "args": args}));
    assert_eq!(answer["result"], json!({"result": 3}));
}

/// Counts the records up to the answer with that id, and those that were dropped.
fn count(peer: &mut Peer, id: u32) -> (usize, usize) {
    let (mut seen, mut dropped) = (0, 0);
    loop {
        let message = peer.answer();
        if message["id"] == id {
            return (seen, dropped);
        }
        let Some(said) = message["params"]["data"]["message"].as_str() else {
            continue;
        };
        match said.split_once(" log records were dropped") {
            Some((count, _)) => dropped += count.parse::<usize>().unwrap(),
            None => seen += 1,
        }
    }
}

#[test]
fn records_that_nobody_reads_are_dropped_counted_and_slow_nobody() {
    let mut program = std::process::Command::new(stdio_support::fixture());
    let mut peer = Peer::deaf(program.env("DAGSTACK_LOG", "off"), Stdio::piped());
    let stderr = stdio_support::lines_of(peer.process.stderr.take().unwrap());
    peer.request(0, "initialize", initialize());
    let text = "x".repeat(10_000);
    peer.call(
        1,
        "say",
        json!({"severities": [9], "times": 5000, "text": text}),
    );
    // The hook logs 50 MB and ends, while nobody reads any of it.
    while stderr.recv_timeout(stdio_support::PATIENCE).unwrap() != "all is said" {}
    peer.listen();
    let (seen, dropped) = count(&mut peer, 1);
    assert!(seen < 5000);
    peer.call(
        2,
        "say",
        json!({"severities": [9], "times": 1, "text": "after"}),
    );
    let (after, told) = count(&mut peer, 2);
    assert_eq!((after, seen + dropped + told), (1, 5000));
}

/// What a client is listed of one tool.
fn tool(arguments: &[&str], client: &str) -> Value {
    let mut peer = Peer::start(arguments);
    let mut params = initialize();
    params["clientInfo"]["name"] = client.into();
    peer.ask(1, "initialize", params);
    let answer = peer.ask(2, "tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().unwrap();
    tools
        .iter()
        .find(|tool| tool["name"] == "shaped")
        .unwrap()
        .clone()
}

#[test]
fn picky_clients_are_listed_plain_schemas() {
    let plain = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["sizes"],
        "properties": {
            "sizes": {
                "type": "array",
                "items": {"type": "integer", "minimum": 0, "maximum": 255},
            },
            "shape": {
                "type": "object",
                "description": "A shape.\n\n`kind` `circle` with `radius`: A round one.\n`kind` `group` with `parts`: Of others.",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["circle", "group"]},
                    "radius": {"type": "number"},
                    "parts": {
                        "type": "array",
                        "items": {"type": "object", "description": "Again a `Shape`."},
                    },
                },
            },
        },
    });
    let picky = tool(&[], "cursor-vscode");
    assert_eq!(picky["inputSchema"], plain);
    assert!(picky.get("outputSchema").is_none());
    assert_eq!(
        tool(&["--schemas", "plain"], "claude-ai")["inputSchema"],
        plain
    );
    for full in [
        tool(&[], "claude-ai"),
        tool(&["--schemas", "full"], "cursor-vscode"),
    ] {
        assert!(full["inputSchema"]["$defs"]["Shape"].is_object());
        assert!(full["outputSchema"].is_object());
    }
}

#[test]
fn a_cursor_of_nobody_is_refused() {
    let mut peer = Peer::session(&[]);
    let answer = peer.ask(1, "tools/list", json!({}));
    assert!(answer["result"].get("nextCursor").is_none());
    for cursor in ["tools-250", "tools-0", "x"] {
        let answer = peer.ask(2, "tools/list", json!({"cursor": cursor}));
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    let answer = peer.ask(3, "tools/list", json!({"cursor": 1}));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[test]
fn a_version_that_never_was_is_answered_with_one_that_is() {
    let mut peer = Peer::start(&[]);
    let mut params = initialize();
    params["protocolVersion"] = "1999-01-01".into();
    let answer = peer.ask(1, "initialize", params);
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
}

#[test]
fn a_tool_in_the_older_dialect_answers_objects_as_they_are() {
    let mut peer = Peer::start(&[]);
    peer.ask(1, "initialize", json!({"capabilities": {}}));
    let answer = peer.ask(2, "execute", json!({"function": "info", "args": {}}));
    assert_eq!(answer["result"]["has_deadline"], false, "{answer}");
    let answer = peer.ask(
        3,
        "execute",
        json!({"function": "echo", "args": {"text": "a"}}),
    );
    assert_eq!(answer["result"], json!({"result": "a"}));
}

#[test]
fn every_signal_that_ends_a_process_ends_it_with_a_teardown() {
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
        let mut peer = Peer::with_stderr(&[], Stdio::piped());
        let mut stderr = peer.process.stderr.take().unwrap();
        peer.ask(1, "initialize", initialize());
        kill_process(Pid::from_child(&peer.process), signal).unwrap();
        assert_eq!(peer.process.wait().unwrap().code(), Some(0), "{signal:?}");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
        assert!(text.contains("teardown ended"), "{signal:?}: {text}");
    }
}
