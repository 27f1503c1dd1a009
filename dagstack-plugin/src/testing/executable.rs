//! The smallest client that can drive a plugin executable: one request at a time, blocking.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use dagstack_engine::tool;
use serde_json::{Map, Value, json};

use super::runtime::TestRuntime;

use crate::args;
use crate::config::check_nesting;
use crate::error::{HookError, PluginError, code};
use crate::resources::ResourceSet;
use dagstack_engine::wire;
use dagstack_engine::{Offer, Served};

/// How long a child may take to end after its stdin is closed.
const END: Duration = Duration::from_secs(5);

/// A plugin executable that is set up.
pub(super) struct Child {
    process: std::process::Child,
    /// `None` once closed.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    plugin: wire::Announcement,
    next_id: u64,
    served: Served,
    /// For the resources it calls.
    runtime: TestRuntime,
}

impl Child {
    /// Starts the executable and sets the plugin up with its config section.
    pub(super) fn start(
        path: &Path,
        config: &Value,
        resources: &ResourceSet,
    ) -> Result<Self, HookError> {
        let runtime = TestRuntime::new()?;
        let mut process = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("`{}`: {error}", path.display())))?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("the child has no pipes".to_owned()));
        };
        let mut child = Self {
            process,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            plugin: wire::Announcement::default(),
            next_id: 0,
            served: Served::default(),
            runtime,
        };
        let answer = child.request(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25",
                "capabilities": { "experimental": { wire::EXTENSION: { "version": 1 } } },
                "clientInfo": { "name": "dagstack-plugin testing", "version": env!("CARGO_PKG_VERSION") },
            }),
        )?;
        let announced = &answer["capabilities"]["experimental"][wire::EXTENSION];
        child.plugin = wire::Announcement::from_value(announced).ok_or_else(|| {
            failed(format!(
                "`{}` is no dagstack plugin executable: it does not announce `{}`",
                path.display(),
                wire::EXTENSION
            ))
        })?;
        child.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        check_nesting(&child.plugin.key(), config)
            .map_err(|invalid| super::setup_failed(&PluginError::ConfigInvalid(invalid)))?;
        let mut given = child.offer(resources)?;
        given.insert("config".to_owned(), config.clone());
        given.insert("metadata".to_owned(), json!({}));
        child.request(wire::SETUP, given.into())?;
        Ok(child)
    }

    /// What the plugin is told of its resources: of those it declares, no others.
    fn offer(&mut self, resources: &ResourceSet) -> Result<Map<String, Value>, HookError> {
        let declared = &self.plugin.manifest["resources"];
        let names = ["required", "optional"].into_iter();
        let names = names
            .filter_map(|which| declared[which].as_array())
            .flatten();
        let offer = Offer::new(&resources.only(names.filter_map(Value::as_str)))?;
        self.served = offer.served;
        Ok(offer.params)
    }

    /// Answers a request of the plugin's own, which is for a resource.
    fn serve(&mut self, request: &Map<String, Value>) -> Result<(), HookError> {
        let Some(id) = request.get("id") else {
            return Ok(()); // a notification
        };
        let params = request.get("params").cloned().unwrap_or_default();
        let text = |key: &str| params[key].as_str().unwrap_or_default();
        let (resource, method) = (text("resource"), text("method"));
        let served = self.served.clone();
        let outcome = self.runtime.block_on(async {
            let arguments = params["params"].to_string();
            served.get(resource)?.call(method, &arguments).await
        });
        let answer = match outcome {
            Ok(value) => {
                let value: Value =
                    serde_json::from_str(&value).map_err(|error| failed(error.to_string()))?;
                json!({ "jsonrpc": "2.0", "id": id, "result": { "value": value } })
            }
            Err(error) => json!({
                "jsonrpc": "2.0",
                "id": id,
                "error": { "code": -32000, "message": error.message(), "data": error.to_value() },
            }),
        };
        self.send(&answer)
    }

    /// Calls a hook by name; of a tool, also `get_schema` and `execute`.
    pub(super) fn call(&mut self, hook: &str, arguments: Value) -> Result<Value, HookError> {
        let plugin = self.plugin.key();
        let arguments = Value::Object(args::by_name(&plugin, hook, arguments)?);
        match hook {
            tool::GET_SCHEMA if self.plugin.is_tool() => {
                tool::takes_nothing(&plugin, &arguments)?;
                self.functions()
            }
            tool::EXECUTE if self.plugin.is_tool() => {
                let given = tool::Execute::read(&plugin, &arguments)?;
                let outcome = self.call_tool(&given.function, &Value::Object(given.args));
                tool::Execute::answer(outcome)
            }
            _ => self.call_tool(hook, &arguments),
        }
    }

    /// What `get_schema` answers, from the list of MCP tools.
    fn functions(&mut self) -> Result<Value, HookError> {
        let list = self.request("tools/list", json!({}))?;
        let tools = list["tools"].as_array().cloned().unwrap_or_default();
        let find = |hook: &wire::AnnouncedHook| tools.iter().find(|tool| tool["name"] == hook.tool);
        let functions = self.plugin.hooks.iter().filter_map(|hook| {
            let tool = find(hook)?;
            let description = tool["description"].as_str().unwrap_or_default();
            Some(tool::function(
                &hook.name,
                description,
                tool["inputSchema"].as_object()?,
            ))
        });
        Ok(functions.collect())
    }

    fn call_tool(&mut self, hook: &str, arguments: &Value) -> Result<Value, HookError> {
        let announced = self.plugin.hook(hook)?;
        let (tool, wraps) = (announced.tool.clone(), announced.wraps_result);
        let result = self.request(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )?;
        wire::read_result(&result, wraps)
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, HookError> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let mut line = String::new();
            let length = self
                .stdout
                .read_line(&mut line)
                .map_err(|error| failed(error.to_string()))?;
            if length == 0 {
                return Err(failed(format!(
                    "the plugin ended before it answered `{method}`"
                )));
            }
            let mut message: Map<String, Value> = serde_json::from_str(&line).map_err(|error| {
                failed(format!(
                    "the plugin wrote a line that is no JSON object: {error}"
                ))
            })?;
            if message.contains_key("method") {
                self.serve(&message)?;
                continue;
            }
            if message.get("id").and_then(Value::as_u64) != Some(id) {
                continue;
            }
            if let Some(error) = message.remove("error") {
                return Err(wire::read_protocol_error(&error));
            }
            return Ok(message.remove("result").unwrap_or_default());
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), HookError> {
        let mut line = message.to_string();
        line.push('\n');
        self.stdin
            .as_mut()
            .ok_or_else(|| failed("the plugin's stdin is closed".to_owned()))?
            .write_all(line.as_bytes())
            .map_err(|error| failed(error.to_string()))
    }
}

fn failed(message: String) -> HookError {
    HookError::new(code::TRANSPORT, message)
}

impl Drop for Child {
    fn drop(&mut self) {
        // The end of its input is what ends a plugin.
        self.stdin = None;
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            match self.process.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
