//! What peers of the executable see of its tools, results and errors: behaviours 4, 7, 10, 11, 15
//! and 25.
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

use serde_json::{Value, json};
use stdio_support::{Peer, initialize};

const SHORT: &str = "echo";
const FULL: &str = "sample.fixture.echo";

/// The first tool that is listed, for the parameters of the request.
fn listed(peer: &mut Peer, params: Value) -> String {
    let answer = peer.ask("list", "tools/list", params);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let safe = |name: &str| {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !name.is_empty() && name.len() <= 64 && name.chars().all(is_safe)
    };
    let names: Vec<&str> = tools
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(
        names[0] == FULL || names.iter().all(|name| safe(name)),
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name.ends_with("own")), "{names:?}");
    names[0].to_owned()
}

/// Both names can be called, whatever is listed; mistakes are answered in the listed ones.
fn both_can_be_called(peer: &mut Peer, known: &str) {
    for name in [SHORT, FULL] {
        let params = json!({"name": name, "arguments": {"text": "a"}});
        let answer = peer.ask(name, "tools/call", params);
        assert_eq!(
            answer["result"]["structuredContent"]["result"], "a",
            "{answer}"
        );
    }
    for slip in ["ecoh", "sample.fixture.ecoh"] {
        let answer = peer.ask(slip, "tools/call", json!({"name": slip}));
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(&format!("did you mean `{known}`?")), "{said}");
        assert!(said.contains(&format!("there are: {known}, ")), "{said}");
    }
}

fn client(name: &str, capabilities: Value) -> Value {
    let mut params = initialize();
    params["clientInfo"]["name"] = name.into();
    params["capabilities"] = capabilities;
    params
}

fn ours() -> Value {
    json!({"experimental": {"dev.dagstack/plugin": {"version": 1}}})
}

#[test]
fn b04_a_plain_client_is_listed_safe_names() {
    let mut peer = Peer::start(&[]);
    // Before it has said who it is.
    assert_eq!(listed(&mut peer, json!({})), SHORT);
    both_can_be_called(&mut peer, SHORT);
    peer.ask(1, "initialize", client("claude-ai", json!({"roots": {}})));
    assert_eq!(listed(&mut peer, json!({})), SHORT);
    both_can_be_called(&mut peer, SHORT);
}

#[test]
fn b04_a_dagstack_host_is_listed_the_names_of_the_specification() {
    let by_name = client("dagstack-plugin-system", json!({}));
    let by_dialect = json!({"capabilities": {}});
    for params in [by_name, by_dialect] {
        let mut peer = Peer::start(&[]);
        peer.ask(1, "initialize", params);
        assert_eq!(listed(&mut peer, json!({})), FULL);
        both_can_be_called(&mut peer, FULL);
    }
    let mut peer = Peer::start(&[]);
    let answer = peer.ask(1, "initialize", client("any", ours()));
    let announced = &answer["result"]["capabilities"]["experimental"]["dev.dagstack/plugin"];
    assert_eq!(announced["hooks"][0]["tool"], FULL);
    assert_eq!(announced["hidden"], json!(["own"]));
    assert_eq!(listed(&mut peer, json!({})), FULL);
}

/// In the stateless protocol every request says who sends it.
#[test]
fn b04_stateless_requests_are_listed_what_each_of_them_asks_for() {
    let mut peer = Peer::start(&[]);
    let meta = |name: &str, capabilities: Value| {
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": name, "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        })
    };
    let discover = peer.ask(
        1,
        "server/discover",
        json!({"_meta": meta("any", json!({}))}),
    );
    assert!(discover["result"].is_object(), "{discover}");
    for (meta, known) in [
        (meta("any", json!({})), SHORT),
        (meta("any", ours()), FULL),
        (meta("dagstack-runtime", json!({})), FULL),
        (meta("any", json!({})), SHORT),
    ] {
        assert_eq!(listed(&mut peer, json!({"_meta": meta.clone()})), known);
        let answer = peer.ask(2, "tools/call", json!({"name": "ecoh", "_meta": meta}));
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(&format!("did you mean `{known}`?")), "{said}");
    }
}

#[test]
fn b04_tool_names_of_the_command_line_win() {
    for (given, known) in [("full", FULL), ("function", SHORT)] {
        for capabilities in [json!({}), ours()] {
            let mut peer = Peer::start(&["--tool-names", given]);
            let answer = peer.ask(1, "initialize", client("any", capabilities));
            let experimental = &answer["result"]["capabilities"]["experimental"];
            let announced = &experimental["dev.dagstack/plugin"]["hooks"][0]["tool"];
            assert!(announced.is_null() || announced == known, "{announced}");
            assert_eq!(listed(&mut peer, json!({})), known);
        }
    }
}

#[test]
fn b07_a_text_result_is_its_own_text_block() {
    let mut peer = Peer::session(&[]);
    let block = |text: &str| json!([{"type": "text", "text": text}]);
    for text in ["", "a \"quoted\" line\nand another\\", "ä\u{1f980}\u{1}"] {
        let result = peer.hook("echo", json!({"text": text}));
        assert_eq!(result["content"], block(text));
        assert_eq!(result["structuredContent"], json!({"result": text}));
    }
    // Large answers are written piece by piece.
    let text = "\"line\"\n".repeat(50_000);
    let result = peer.hook("echo", json!({"text": text}));
    assert_eq!(result["content"], block(&text));
    assert_eq!(result["structuredContent"], json!({"result": text}));
    // The value decides, not the type.
    assert_eq!(
        peer.hook("maybe", json!({"text": "x"}))["content"],
        block("x")
    );
    assert_eq!(peer.hook("choose", json!({}))["content"], block("Plain"));
    for (hook, arguments, json) in [
        ("maybe", json!({}), r#"{"result":null}"#),
        ("choose", json!({"of": 3}), r#"{"result":{"Of":3}}"#),
        ("sleep", json!({"ms": 0}), r#"{"result":0}"#),
        ("nested", json!({"levels": 2}), r#"{"result":[[]]}"#),
    ] {
        let result = peer.hook(hook, arguments);
        assert_eq!(result["content"], block(json));
        assert_eq!(result["structuredContent"].to_string(), json);
    }
}

#[test]
fn b07_the_stateless_protocol_has_the_same_text_block() {
    let mut peer = Peer::start(&[]);
    let params = |capabilities: Value| {
        json!({
            "name": "echo", "arguments": {"text": "a\nb"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": capabilities,
            },
        })
    };
    let result = peer.ask(1, "tools/call", params(json!({})))["result"].clone();
    assert_eq!(result["content"], json!([{"type": "text", "text": "a\nb"}]));
    assert_eq!(result["structuredContent"], json!({"result": "a\nb"}));
    // Our own hosts read the structured content.
    let result = peer.ask(2, "tools/call", params(ours()))["result"].clone();
    assert_eq!(result["content"], json!([]));
    assert_eq!(result["structuredContent"], json!({"result": "a\nb"}));
}

#[test]
fn b10_pretty_json_is_written_on_one_line() {
    let mut peer = Peer::session(&[]);
    let pretty = "{\n\t\"a\": [\r\n    1.50,\n    \"b\\n\"\n  ]\n}";
    peer.call(1, "raw", json!({"json": pretty}));
    let line = peer.line();
    let answer: Value = serde_json::from_str(&line).unwrap();
    let value: Value = serde_json::from_str(pretty).unwrap();
    assert_eq!(answer["result"]["structuredContent"]["raw"], value);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap()["raw"], value);
    // One that is long enough to be written piece by piece.
    let long = serde_json::to_string_pretty(&vec![json!({"a": ["b", "c"]}); 2000]).unwrap();
    peer.call(2, "raw", json!({"json": long}));
    let answer: Value = serde_json::from_str(&peer.line()).unwrap();
    assert_eq!(
        answer["result"]["structuredContent"]["raw"],
        serde_json::from_str::<Value>(&long).unwrap()
    );
    assert!(peer.end().0.is_empty());
}

#[test]
fn b11_a_result_nests_so_deep_and_no_deeper() {
    let mut peer = Peer::session(&[]);
    let fits = peer.hook("nested", json!({"levels": 120}));
    assert_eq!(fits["isError"], false, "{fits}");
    for levels in [121, 1000] {
        let error = peer.hook("nested", json!({"levels": levels}));
        let error = &error["_meta"]["dev.dagstack/error"];
        assert_eq!(error["code"], "result_not_serialisable");
        assert!(
            error["message"].as_str().unwrap().contains("120 levels"),
            "{error}"
        );
    }
    let raw = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let error = peer.hook("raw", json!({"json": raw}));
    assert_eq!(
        error["_meta"]["dev.dagstack/error"]["code"],
        "result_not_serialisable"
    );
    // What stands beside a result is left out.
    let error = peer.hook("nested_error", json!({"levels": 500}));
    let error = &error["_meta"]["dev.dagstack/error"];
    assert_eq!(error["code"], "nested");
    assert_eq!(
        error["details"],
        "left out: it nests deeper than 120 levels"
    );
    let error = peer.hook("nested_error", json!({"levels": 3}));
    assert_eq!(
        error["_meta"]["dev.dagstack/error"]["details"],
        json!([[[]]])
    );
    // Metadata are not dropped in silence: a tenant is among them.
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let call = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"info","_meta":{{"dev.dagstack/metadata":{{"tenant_id":"acme","deep":{deep}}}}}}}}}"#
    );
    peer.raw(call.as_bytes());
    peer.raw(b"\n");
    let answer = peer.answer();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(7), &json!(-32700))
    );
}

#[test]
fn b15_what_is_no_object_is_refused_with_words() {
    let mut peer = Peer::session(&[]);
    for (line, code, id, says) in [
        (
            r#"["2.0",71,"ping"]"#,
            -32600,
            Value::Null,
            "only MCP 2025-03-26 has batches",
        ),
        (
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
            -32600,
            Value::Null,
            "only MCP 2025-03-26 has batches",
        ),
        ("[]", -32600, Value::Null, "only MCP 2025-03-26 has batches"),
        (
            r#""ping""#,
            -32600,
            Value::Null,
            "found text, expected an object",
        ),
        (
            "null",
            -32600,
            Value::Null,
            "found null, expected an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"tools/call","params":["echo",{"text":"a"}]}"#,
            -32602,
            json!(71),
            "`params` of `tools/call` must be an object, found an array",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"tools/list","params":["now",{}]}"#,
            -32602,
            json!(71),
            "`params` of `tools/list` must be an object, found an array",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"ping","params":[]}"#,
            -32602,
            json!(71),
            "found an array",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"ping","params":"x"}"#,
            -32602,
            json!(71),
            "found text",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"initialize","params":["2025-11-25",{},{}]}"#,
            -32602,
            json!(71),
            "must be an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":["a","1"]}}"#,
            -32602,
            json!(71),
            "`clientInfo` of `initialize` must be an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"tools/call","params":{"name":"echo","_meta":["x"]}}"#,
            -32602,
            json!(71),
            "`_meta` must be an object, found an array",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"tools/call","params":{"name":"echo","arguments":["a"]}}"#,
            -32602,
            json!(71),
            "`arguments` must be an object, found an array",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"execute","params":["echo"]}"#,
            -32602,
            json!(71),
            "must be an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"dagstack/setup","params":[{}]}"#,
            -32602,
            json!(71),
            "must be an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":71,"method":"nope","params":[1]}"#,
            -32601,
            json!(71),
            "unknown method",
        ),
    ] {
        peer.raw(line.as_bytes());
        peer.raw(b"\n");
        let answer = peer.answer();
        assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
        assert_eq!(answer["id"], id, "{line}: {answer}");
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(says), "{line}: {said}");
    }
    // An array cancels nothing, and `null` stands for no parameters.
    peer.call("c", "sleep_async", json!({"ms": 50}));
    peer.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":[\"c\"]}\n");
    assert_eq!(peer.answer()["id"], "c");
    assert_eq!(peer.ask(1, "ping", Value::Null)["result"], json!({}));
    assert!(peer.ask(2, "tools/list", Value::Null)["result"].is_object());
    assert!(peer.end().1.success());
}

#[test]
fn b25_a_hook_that_is_not_exposed_is_no_tool() {
    let mut peer = Peer::session(&[]);
    for name in ["own", "sample.fixture.own"] {
        let answer = peer.ask(1, "tools/call", json!({"name": name}));
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert_eq!(answer["error"]["data"]["code"], "not_exposed");
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(
            said.contains("`own` of `sample.fixture` is not exposed"),
            "{said}"
        );
    }
    // The dialect.
    let schema = peer.ask(2, "get_schema", json!({}));
    let functions = schema["result"].as_array().unwrap();
    assert!(!functions.iter().any(|it| it["name"] == "own"), "{schema}");
    for params in [
        json!({"function": "own"}),
        json!({"args": {"function": "own"}}),
    ] {
        let answer = peer.ask(3, "execute", params);
        assert_eq!(answer["error"]["data"]["code"], "not_exposed", "{answer}");
    }
    let answer = peer.ask(4, "execute", json!({}));
    assert!(
        !answer["error"]["message"].as_str().unwrap().contains("own"),
        "{answer}"
    );
}
