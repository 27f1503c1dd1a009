//! Other languages' clients, which `cargo xtask test` installs.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

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

/// The script of a client.
pub fn script(name: &str) -> PathBuf {
    workspace().join("tests").join("interop").join(name)
}

/// What the official Python client sees of an executable of ours, after `calls`, a list of `[tool, arguments]`; `None` where there is no such client.
pub fn python_client(mode: &str, executable: &str, calls: &Value) -> Option<Value> {
    let python = peer(PYTHON, "Python MCP client")?;
    Some(json_of(
        Command::new(python)
            .args(["-W", "error"])
            .arg(script("mcp_client.py"))
            .arg(mode)
            .arg(built(executable))
            .arg(calls.to_string()),
    ))
}

/// What the official TypeScript client sees of an executable of ours, after `calls`, a list of `[tool, arguments]`; `None` where there is no such client.
pub fn typescript_client(executable: &str, calls: &Value) -> Option<Value> {
    let node = peer(NODE, "TypeScript MCP client")?;
    Some(json_of(
        Command::new("node")
            .arg(script("mcp_client.mjs"))
            .arg(node)
            .arg(built(executable))
            .arg(calls.to_string()),
    ))
}
