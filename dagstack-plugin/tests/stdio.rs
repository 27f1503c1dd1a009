//! The plugin executable, black box: every rule of its protocol over pipes.
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

use std::collections::HashSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stdio_support::{Peer, initialize};

#[test]
fn exact_bytes_of_a_reply() {
    let mut peer = Peer::session(&[]);
    peer.call("a", "echo", json!({"text": "h\"i"}));
    assert_eq!(
        peer.line(),
        r#"{"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"h\"i"}],"structuredContent":{"result":"h\"i"},"isError":false}}"#
    );
    // Ids come back as they were written.
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"id\":\"\\u0041\",\"method\":\"tools/list\"}\n");
    assert!(
        peer.line()
            .starts_with(r#"{"jsonrpc":"2.0","id":"\u0041","result":{"#)
    );
    let (rest, status, _) = peer.end();
    assert!(rest.is_empty() && status.success());
}

#[test]
fn object_results_are_not_wrapped() {
    let mut peer = Peer::session(&[]);
    let result = peer.hook("info", json!({}));
    assert_eq!(result["structuredContent"]["has_deadline"], false);
    let tools = peer.ask(1, "tools/list", json!({}));
    let tools = tools["result"]["tools"].as_array().unwrap();
    let of = |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap();
    assert_eq!(of("echo")["outputSchema"]["x-dagstack-wrap-result"], true);
    assert!(of("info")["outputSchema"]["x-dagstack-wrap-result"].is_null());
}

#[test]
fn what_is_no_request_gets_an_error_or_silence() {
    let mut peer = Peer::start(&[]);
    let deep = "[".repeat(100_000);
    for (line, code, id) in [
        ("garbage", -32700, Value::Null),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700, Value::Null),
        (deep.as_str(), -32700, Value::Null),
        ("[]", -32600, Value::Null),
        ("17", -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600, json!(1)),
        (r#"{"id":1,"method":"ping"}"#, -32600, json!(1)),
        (
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            -32600,
            Value::Null,
        ),
        (
            r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
            -32600,
            Value::Null,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#,
            -32601,
            json!(1),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
            -32602,
            json!(1),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}"#,
            -32602,
            json!(1),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sample.fixture.echo","arguments":[]}}"#,
            -32602,
            json!(1),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":5}}"#,
            -32602,
            json!(1),
        ),
    ] {
        peer.raw(line.as_bytes());
        peer.raw(b"\n");
        let answer = peer.answer();
        assert_eq!(answer["error"]["code"], code, "{line:.80}: {answer}");
        assert_eq!(answer["id"], id, "{line:.80}: {answer}");
    }
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n");
    assert_eq!(peer.answer()["error"]["code"], -32700);
    // Silence: blank lines, answers nobody asked for, notifications.
    peer.raw(b"\n  \r\n{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n");
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"id\":9,\"error\":5}\n");
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{}}\n");
    assert_eq!(peer.ask(10, "ping", json!({}))["result"], json!({}));
    let (rest, status, _) = peer.end();
    assert!(rest.is_empty() && status.success(), "{rest:?}");
}

#[test]
fn a_line_over_the_limit_is_skipped() {
    let mut peer = Peer::start(&[]);
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..17 {
        peer.raw(&piece);
    }
    peer.raw(b"\n");
    let answer = peer.answer();
    assert_eq!(answer["error"]["code"], -32600);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("longer than 16777216 bytes")
    );
    assert_eq!(peer.ask(1, "ping", json!({}))["result"], json!({}));
}

#[test]
fn unknown_tools_and_bad_arguments() {
    let mut peer = Peer::session(&[]);
    let answer = peer.ask(1, "tools/call", json!({"name": "ecoh"}));
    assert_eq!(answer["error"]["code"], -32602);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("did you mean `echo`?"), "{message}");
    let result = peer.hook("echo", json!({"txet": "a"}));
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["_meta"]["dev.dagstack/error"]["code"],
        "invalid_arguments"
    );
    assert!(result["structuredContent"].is_null());
}

#[test]
fn errors_of_hooks_are_tool_errors() {
    let mut peer = Peer::session(&[]);
    let failed = peer.hook("fail", json!({"text": "too long"}));
    assert_eq!(failed["content"][0]["text"], "asked_to_fail: too long");
    assert_eq!(
        failed["_meta"]["dev.dagstack/error"],
        json!({"code": "asked_to_fail", "message": "too long", "details": {"limit": 5}})
    );
    let panicked = peer.hook("panic", json!({}));
    assert_eq!(panicked["_meta"]["dev.dagstack/error"]["code"], "panicked");
    let nan = peer.hook("nan", json!({}));
    assert_eq!(
        nan["_meta"]["dev.dagstack/error"]["code"],
        "result_not_serialisable"
    );
    assert_eq!(peer.hook("echo", json!({"text": "a"}))["isError"], false);
}

#[test]
fn printing_reaches_neither_the_wire_nor_blocks() {
    // Nobody reads the child's stderr.
    let mut peer = Peer::with_stderr(&[], Stdio::piped());
    for hook in ["print", "print_err"] {
        assert_eq!(
            peer.hook(hook, json!({"bytes": 4_000_000}))["structuredContent"]["result"],
            4_000_000
        );
    }
    assert_eq!(
        peer.hook("read_stdin", json!({}))["structuredContent"]["result"],
        0
    );
    assert_eq!(peer.hook("echo", json!({"text": "a"}))["isError"], false);
    let (rest, status, _) = peer.end();
    assert!(rest.is_empty() && status.success());
}

#[test]
fn a_sleeping_hook_delays_nobody() {
    let mut peer = Peer::session(&[]);
    for (id, hook) in [
        (1, "sleep"),
        (2, "block_async"),
        (3, "sleep_async"),
        (4, "sleep"),
    ] {
        peer.call(id, hook, json!({"ms": 60_000}));
    }
    let began = Instant::now();
    assert_eq!(peer.ask(5, "ping", json!({}))["result"], json!({}));
    assert_eq!(peer.hook("echo", json!({"text": "a"}))["isError"], false);
    assert_eq!(peer.hook("sleep_async", json!({"ms": 1}))["isError"], false);
    assert!(peer.ask(6, "tools/list", json!({}))["result"]["tools"].is_array());
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "waited for a sleeper"
    );
    // The end of the input ends the process, whatever still sleeps.
    let (rest, status, took) = peer.end();
    assert!(status.success());
    assert_eq!(rest.len(), 4, "{rest:?}");
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[test]
fn many_sleepers_run_at_once() {
    let mut peer = Peer::session(&[]);
    for id in 0..40 {
        peer.call(id, "sleep", json!({"ms": 400}));
    }
    let began = Instant::now();
    let ids: HashSet<_> = (0..40).map(|_| peer.answer()["id"].as_u64()).collect();
    assert_eq!(ids.len(), 40);
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "one after the other"
    );
}

#[test]
fn sigterm_ends_the_process() {
    let mut peer = Peer::session(&["--config", config("teardown_ms = 60000")]);
    peer.call(1, "sleep", json!({"ms": 60_000}));
    assert_eq!(peer.ask(2, "ping", json!({}))["id"], 2);
    let began = Instant::now();
    let pid = rustix::process::Pid::from_child(&peer.process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = peer.process.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(
        began.elapsed() < Duration::from_millis(2500),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn calls_in_flight_at_the_end_of_input_are_answered_and_teardown_runs() {
    let mut peer = Peer::with_stderr(&[], Stdio::piped());
    let mut stderr = peer.process.stderr.take().unwrap();
    peer.call(1, "sleep", json!({"ms": 200}));
    peer.call(2, "sleep_async", json!({"ms": 200}));
    let (rest, status, _) = peer.end();
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert_eq!(status.code(), Some(0));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
    assert!(text.contains("teardown ended"), "{text}");
}

#[test]
fn cancelled_calls_are_told_and_not_answered() {
    let mut peer = Peer::session(&[]);
    peer.call("c", "until_cancelled", json!({}));
    peer.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "c"},
    }));
    assert_eq!(peer.ask(2, "ping", json!({}))["id"], 2);
    let (rest, status, took) = peer.end();
    assert!(rest.is_empty() && status.success(), "{rest:?}");
    assert!(
        took < Duration::from_secs(1),
        "the hook did not see it: {took:?}"
    );
}

#[test]
fn calls_wait_for_the_setup_before_them() {
    let slow = config("setup_ms = 300\nprefix = \"p-\"");
    let mut peer = Peer::start(&["--config", slow]);
    peer.request(1, "initialize", initialize());
    peer.call(2, "echo", json!({"text": "a"}));
    let mut answers = [peer.answer(), peer.answer()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "sample.fixture");
    assert_eq!(answers[1]["result"]["structuredContent"]["result"], "p-a");

    let mut peer = Peer::start(&["--config", slow]);
    let result = peer.hook("echo", json!({"text": "a"}));
    assert_eq!(
        result["structuredContent"]["result"], "p-a",
        "without initialize"
    );
}

#[test]
fn a_failed_setup_is_told() {
    for (text, code) in [
        ("fail = true", "setup_failed"),
        ("panic = true", "panicked"),
    ] {
        let mut peer = Peer::start(&["--config", config(text)]);
        let answer = peer.ask(1, "initialize", initialize());
        assert_eq!(answer["error"]["data"]["code"], code, "{answer}");
        let result = peer.hook("echo", json!({"text": "a"}));
        assert_eq!(result["_meta"]["dev.dagstack/error"]["code"], "unavailable");
        assert!(peer.end().1.success());
    }
}

#[test]
fn huge_arguments_and_many_calls() {
    let mut peer = Peer::session(&[]);
    let text = "ä\"".repeat(2_000_000);
    let result = peer.hook("echo", json!({"text": text}));
    assert_eq!(result["structuredContent"]["result"], text);
    let lines: String = (0..1000)
        .map(|id| {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"sample.fixture.echo\",\"arguments\":{{\"text\":\"{id}\"}}}}}}\n")
        })
        .collect();
    peer.raw(lines.as_bytes());
    let mut seen = HashSet::new();
    for _ in 0..1000 {
        let answer = peer.answer();
        let id = answer["id"].as_u64().unwrap();
        assert_eq!(
            answer["result"]["structuredContent"]["result"],
            id.to_string()
        );
        assert!(seen.insert(id));
    }
    assert!(peer.end().0.is_empty());
}

#[test]
fn meta_reaches_the_hook() {
    let mut peer = Peer::session(&[]);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ask = |peer: &mut Peer, meta: Value| {
        let params = json!({"name": "sample.fixture.info", "_meta": meta});
        peer.ask(1, "tools/call", params)["result"].clone()
    };
    let result = ask(
        &mut peer,
        json!({
            "traceparent": parent, "tracestate": "a=b", "progressToken": 1,
            "dev.dagstack/metadata": {"tenant_id": "acme"}, "dev.dagstack/timeout_ms": 60000,
        }),
    );
    assert_eq!(
        result["structuredContent"],
        json!({
            "metadata": {
                "tenant_id": "acme",
                "trace_context": {"traceparent": parent, "tracestate": "a=b"},
            },
            "has_deadline": true,
            "prefix": "",
        })
    );
    let result = ask(&mut peer, json!({"traceparent": "00-nonsense"}));
    assert_eq!(result["structuredContent"]["metadata"], json!({}));
    // The stateless protocol.
    let result = ask(
        &mut peer,
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }),
    );
    assert_eq!(result["resultType"], "complete");
    let params = json!({"name": "sample.fixture.info", "_meta": {"io.modelcontextprotocol/protocolVersion": "1999-01-01"}});
    assert!(peer.ask(1, "tools/call", params)["error"]["code"].is_i64());
}

#[test]
fn deadlines_end_async_hooks() {
    let mut peer = Peer::session(&[]);
    let params = json!({
        "name": "sample.fixture.sleep_async", "arguments": {"ms": 60_000},
        "_meta": {"dev.dagstack/timeout_ms": 50},
    });
    let answer = peer.ask(1, "tools/call", params);
    assert_eq!(
        answer["result"]["_meta"]["dev.dagstack/error"]["code"],
        "deadline_exceeded"
    );
}

fn config(text: &str) -> &'static str {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Every test writes the whole file under a name of its own.
    let name = format!(
        "config-{}-{:?}-{:x}.toml",
        std::process::id(),
        std::thread::current().id(),
        hasher.finish()
    );
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    Box::leak(path.to_string_lossy().into_owned().into_boxed_str())
}

/// A host waits for the answer to its own id.
#[test]
fn what_cannot_be_read_is_answered_under_its_id() {
    let mut peer = Peer::session(&[]);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let call = |id: u32, arguments: &str| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"sample.fixture.echo\",\"arguments\":{arguments}}}}}\n"
        )
    };
    peer.raw(call(71, &format!("{{\"text\":{deep}}}")).as_bytes());
    let answer = peer.answer();
    assert_eq!(answer["id"], 71);
    let error = &answer["result"]["_meta"]["dev.dagstack/error"];
    assert_eq!(error["code"], "invalid_arguments", "{answer}");

    let huge = "x".repeat(17 * 1024 * 1024);
    peer.raw(call(72, &format!("{{\"text\":\"{huge}\"}}")).as_bytes());
    let answer = peer.answer();
    assert_eq!(answer["id"], 72);
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    assert!(peer.end().1.success());
}
