//! An MCP server to test with: the test program itself, started again with [`FAKE`] set.

#![allow(dead_code)]

use std::io::{BufRead, Read, Write};

use dagstack_runtime::StdioCommand;
use serde_json::{Value, json};

/// The environment variable that makes a test program a server; its words say how it behaves.
const FAKE: &str = "DAGSTACK_TEST_SERVER";

/// The environment variable that names a file with a line for each time the server may start.
pub(crate) const STARTS: &str = "DAGSTACK_TEST_STARTS";

/// This program as a server. `behaviour` is words, each looked for below by `is`.
pub(crate) fn command(behaviour: &str) -> StdioCommand {
    StdioCommand::new(words()).env(FAKE, behaviour)
}

/// As [`command`], but it ignores SIGTERM.
pub(crate) fn stubborn(behaviour: &str) -> StdioCommand {
    StdioCommand::new(stubborn_words()).env(FAKE, behaviour)
}

/// The command of [`stubborn`]: what the shell ignores, the program it becomes ignores too.
pub(crate) fn stubborn_words() -> Vec<String> {
    let shell = ["sh", "-c", "trap '' TERM; exec \"$0\" \"$@\""].map(String::from);
    shell.into_iter().chain(words()).collect()
}

/// The command of [`command`].
pub(crate) fn words() -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    vec![
        program.to_str().unwrap().to_owned(),
        "--exact".to_owned(),
        "fake_server".to_owned(),
        "--nocapture".to_owned(),
    ]
}

/// The body of the test `fake_server`: does nothing unless this process is to be a server.
pub(crate) fn serve_if_asked() {
    let Ok(behaviour) = std::env::var(FAKE) else {
        return;
    };
    let is = |word: &str| behaviour.split_whitespace().any(|it| it == word);
    eprintln!("the server's {behaviour:?} line on standard error");
    if is("die") {
        std::process::exit(3);
    }
    // Starts as often as there are lines in the file, one less each time.
    if let Ok(file) = std::env::var(STARTS) {
        let starts = std::fs::read_to_string(&file).unwrap();
        let Some((_, rest)) = starts.split_once('\n') else {
            std::process::exit(6);
        };
        std::fs::write(file, rest).unwrap();
    }
    if is("garbage") {
        say("{\"level\":\"info\"}\n\u{0}\nnot json\n");
    }
    if is("flood") {
        for line in 0..200_000 {
            eprintln!("line {line} of a flood");
        }
    }
    let mut server = Server {
        foreign: is("foreign"),
        needs_clock: is("needs-clock"),
        gate: is("gate"),
        hides: is("hides"),
        cancelled: Vec::new(),
        config: Value::Null,
    };
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if is("silent") {
            continue;
        }
        let message: Value = serde_json::from_str(&line).unwrap();
        server.answer(&message);
    }
    while is("deaf") {
        std::thread::park();
    }
    std::process::exit(0);
}

struct Server {
    foreign: bool,
    needs_clock: bool,
    /// Whether it is middleware: it has a hook `before`.
    gate: bool,
    /// Whether it has a hook `after` that is not exposed.
    hides: bool,
    cancelled: Vec<Value>,
    config: Value,
}

fn say(text: &str) {
    // Around the test harness, which captures `println!`.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

impl Server {
    fn answer(&mut self, message: &Value) {
        let params = &message["params"];
        let answer = match message["method"].as_str().unwrap() {
            "initialize" => {
                let ours = &params["capabilities"]["experimental"]["dev.dagstack/plugin"];
                assert_eq!(ours["version"], 1);
                Ok(self.initialize(&params["protocolVersion"]))
            }
            "tools/list" => Ok(json!({ "tools": tools() })),
            "tools/call" => match self.call(params) {
                Some(answer) => answer,
                None => return,
            },
            "dagstack/setup" => match self.setup(params) {
                Some(answer) => answer,
                None => return,
            },
            "dagstack/health" => Ok(json!({ "status": "degraded", "reason": "so so" })),
            "dagstack/teardown" => {
                eprintln!("teardown");
                Ok(json!({ "released": "requires_restart" }))
            }
            "dagstack/config_changed" => {
                self.config = params["config"].clone();
                return;
            }
            "notifications/cancelled" => {
                self.cancelled.push(params["requestId"].clone());
                return;
            }
            _ if message.get("id").is_none() => return,
            other => Err(json!({ "code": -32601, "message": other })),
        };
        let (key, answer) = match answer {
            Ok(result) => ("result", result),
            Err(error) => ("error", error),
        };
        let line = json!({ "jsonrpc": "2.0", "id": message["id"], key: answer });
        say(&format!("{line}\n"));
    }

    fn initialize(&self, version: &Value) -> Value {
        assert_eq!(version, "2025-11-25");
        let mut capabilities = json!({ "tools": {} });
        if !self.foreign {
            let hook = |name: &str, wraps: bool| json!({ "name": name, "tool": format!("fake.child.{name}"), "wraps_result": wraps });
            let hooks = [hook("echo", false), hook("list", true), hook("wait", false)];
            let mut more = vec!["fail", "die", "huge", "unreadable", "cancelled", "refuse"];
            if self.gate {
                more.push("before");
            }
            let hooks: Vec<Value> = hooks
                .into_iter()
                .chain(more.into_iter().map(|it| hook(it, it != "before")))
                .collect();
            let resources: &[&str] = if self.needs_clock { &["clock"] } else { &[] };
            capabilities["experimental"] = json!({ "dev.dagstack/plugin": {
                    "version": 1,
                    "manifest": {
                        "kind": "fake",
                        "name": "child",
                        "core_version": ">=0.1.0",
                        "version": "1.2.3",
                        "capabilities": ["pii_handling"],
                        "resources": { "required": resources },
                    },
                    "hooks": hooks,
                    "hidden": if self.hides { vec!["after"] } else { vec![] },
                } });
        }
        json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "serverInfo": { "name": "fake", "version": "1" },
        })
    }

    fn setup(&mut self, params: &Value) -> Option<Result<Value, Value>> {
        self.config = params["config"].clone();
        // Until the test closes the connection.
        if let Some(address) = self.config["setup_waits_for"].as_str() {
            let mut connection = std::net::TcpStream::connect(address).unwrap();
            connection.read_to_end(&mut Vec::new()).unwrap();
        }
        let failed = |data: Value| {
            Some(Err(
                json!({ "code": -32000, "message": "setup failed", "data": data }),
            ))
        };
        match self.config["setup"].as_str() {
            Some("hang") => None,
            Some("die") => std::process::exit(4),
            Some("invalid") => failed(json!({
                "code": "config_invalid",
                "message": "…",
                "problems": [{
                    "path": "fake.child.max_size",
                    "problem": format!("found {}", self.config["password"]),
                    "expected": "an integer",
                }],
            })),
            Some("fail") => failed(json!({
                "code": "setup_failed",
                "message": format!("no database for {}", self.config["password"]),
            })),
            _ => Some(Ok(json!({}))),
        }
    }

    fn call(&mut self, params: &Value) -> Option<Result<Value, Value>> {
        let name = params["name"].as_str().unwrap();
        let structured =
            |value: Value| Some(Ok(json!({ "content": [], "structuredContent": value })));
        match name.rsplit('.').next().unwrap() {
            // What the SDK says there of what its caller gave.
            "echo"
                if params["arguments"]["text"]
                    .as_str()
                    .is_some_and(|it| it.starts_with("unfit")) =>
            {
                Some(Ok(json!({
                    "content": [],
                    "isError": true,
                    "_meta": { "dev.dagstack/error": {
                        "code": "invalid_arguments",
                        "message": format!("found {}", params["arguments"]["text"]),
                    } },
                })))
            }
            "echo" => structured(json!({
                "args": params["arguments"],
                "meta": params["_meta"],
                "config": self.config,
            })),
            "before" => match params["arguments"]["args"]["text"].as_str() {
                Some("forbidden") => Some(Ok(json!({
                    "content": [],
                    "isError": true,
                    "_meta": { "dev.dagstack/error": { "code": "not_today", "message": "no" } },
                }))),
                _ => structured(json!({ "metadata": { "seen_by": "child" } })),
            },
            "list" => structured(json!({ "result": [1, 2] })),
            "text" => Some(Ok(
                json!({ "content": [{ "type": "text", "text": "plain" }] }),
            )),
            "wait" => None,
            "die" => std::process::exit(5),
            "huge" => structured(json!({ "result": "x".repeat(20 * 1024 * 1024) })),
            "unreadable" => structured(json!({ "result": deep(300) })),
            "cancelled" => structured(json!({ "result": self.cancelled.len() })),
            "refuse" => Some(Err(
                json!({ "code": -32602, "message": "no such argument" }),
            )),
            "fail" => Some(Ok(json!({
                "content": [{ "type": "text", "text": "no_luck: it failed" }],
                "isError": true,
                "_meta": { "dev.dagstack/error": {
                    "code": "no_luck", "message": "it failed", "details": params["arguments"],
                } },
            }))),
            other => Some(Err(json!({ "code": -32602, "message": other }))),
        }
    }
}

/// Nested deeper than parsers care for.
fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn tools() -> Value {
    let tool = |name: &str| json!({ "name": name, "description": "A tool.", "inputSchema": { "type": "object" } });
    let mut list = tool("list");
    list["outputSchema"] = json!({ "type": "object", "x-fastmcp-wrap-result": true });
    json!([
        tool("fake.child.echo"),
        list,
        tool("text"),
        tool("tool.child.execute.echo"),
        tool("tool.child.execute.fail")
    ])
}
