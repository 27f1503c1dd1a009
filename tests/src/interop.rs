//! Other languages' clients, which `cargo xtask test` installs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::{built, peer, workspace};

/// The variable that leads to the Python interpreter with the clients.
pub const PYTHON: &str = "DAGSTACK_TEST_PYTHON";
/// The variable that leads to the folder with the TypeScript client.
pub const NODE: &str = "DAGSTACK_TEST_NODE";

/// The JSON that a client prints at its end.
///
/// # Panics
///
/// When it does not start, fails or prints something else.
pub fn json_of(command: &mut Command) -> Value {
    let output = command.output().expect("the client starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let line = stdout.lines().last().expect("the client prints a line");
    serde_json::from_str(line).expect("the client prints JSON")
}

/// The line that an executable of ours answers to a request of an MCP client that knows nothing of us.
///
/// # Panics
///
/// When it does not start, or answers nothing.
pub fn answer(executable: &str, method: &str, params: Value) -> String {
    let mut plugin = Command::new(built(executable))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let request = |id: u8, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let client = json!({ "name": "dagstack-tests", "version": "1.0.0" });
    let initialize = json!({
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client,
    });
    let mut stdin = plugin.stdin.take().expect("a pipe");
    for message in [
        request(1, "initialize", initialize),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        request(2, method, params),
    ] {
        writeln!(stdin, "{message}").expect("it reads");
    }
    drop(stdin);
    let output = plugin.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(output.stdout).expect("text");
    let mut lines = stdout.lines();
    let answer = lines.find(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"] == 2);
    answer.expect("an answer").to_owned()
}

/// The script of a client.
pub fn script(name: &str) -> PathBuf {
    workspace().join("tests").join("interop").join(name)
}

/// What the official Python client sees of an executable of ours, after `calls`, a list of `[tool, arguments]`; `None` where there is no such client.
pub fn python_client(mode: &str, executable: &str, calls: &Value) -> Option<Value> {
    python_client_with(&json!({}), mode, executable, calls)
}

/// [`python_client`] that starts the executable with the variables `env`, as the configuration of a client has them.
pub fn python_client_with(
    env: &Value,
    mode: &str,
    executable: &str,
    calls: &Value,
) -> Option<Value> {
    let python = peer(PYTHON, "Python MCP client")?;
    Some(json_of(
        Command::new(python)
            .args(["-W", "error"])
            .arg(script("mcp_client.py"))
            .arg(mode)
            .arg(built(executable))
            .args([calls, env].map(Value::to_string)),
    ))
}

/// What the official TypeScript client sees of an executable of ours, after `calls`, a list of `[tool, arguments]`; `None` where there is no such client.
pub fn typescript_client(executable: &str, calls: &Value) -> Option<Value> {
    typescript_client_with(&json!({}), executable, calls)
}

/// [`typescript_client`] that starts the executable with the variables `env`.
pub fn typescript_client_with(env: &Value, executable: &str, calls: &Value) -> Option<Value> {
    let node = peer(NODE, "TypeScript MCP client")?;
    Some(json_of(
        Command::new("node")
            .arg(script("mcp_client.mjs"))
            .arg(node)
            .arg(built(executable))
            .args([calls, env].map(Value::to_string)),
    ))
}
