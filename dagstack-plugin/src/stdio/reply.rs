//! What a call's answer looks like, byte for byte.
//!
//! The bytes are those rmcp writes for `CallToolResult::structured`, in its order of fields, made in
//! one buffer without a JSON tree. Errors have no `structuredContent`: the TypeScript client holds it
//! against the tool's output schema even when `isError` is set. Their structured form is in `_meta`.

use serde_json::{Value, json};

use super::meta::Shape;
use crate::error::HookError;
use crate::wire::ERROR;

/// How a result is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) shape: Shape,
    /// The value is no object and travels under `result`.
    pub(super) wraps: bool,
    /// With the text copy that clients without our extension read.
    pub(super) text: bool,
}

fn start(line: &mut Vec<u8>, id: &str, shape: Shape) {
    line.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(match shape {
        Shape::Session => b",\"result\":{\"content\":[".as_slice(),
        Shape::Stateless => b",\"result\":{\"resultType\":\"complete\",\"content\":[".as_slice(),
    });
}

/// The answer to a call that succeeded with the JSON text `value`.
pub(super) fn result_line(id: &str, form: Form, value: Vec<u8>) -> Vec<u8> {
    let quotes = if form.text {
        memchr::memchr2_iter(b'"', b'\\', &value).count()
    } else {
        0
    };
    let copies = if form.text { 2 } else { 1 };
    let mut line = Vec::with_capacity(id.len() + copies * value.len() + quotes + 192);
    start(&mut line, id, form.shape);
    if form.text {
        line.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
        if form.wraps {
            line.extend_from_slice(br#"{\"result\":"#);
        }
        escape(&mut line, &value);
        line.extend_from_slice(if form.wraps { b"}\"}" } else { b"\"}" });
    }
    line.extend_from_slice(b"],\"structuredContent\":");
    if form.wraps {
        line.extend_from_slice(b"{\"result\":");
        line.extend_from_slice(&value);
        line.push(b'}');
    } else {
        line.extend_from_slice(&value);
    }
    line.extend_from_slice(b",\"isError\":false}}\n");
    line
}

/// JSON text inside a JSON string. Compact JSON has no control characters, so these two are all.
fn escape(line: &mut Vec<u8>, json: &[u8]) {
    let mut done = 0;
    for at in memchr::memchr2_iter(b'"', b'\\', json) {
        line.extend_from_slice(json.get(done..at).unwrap_or_default());
        line.push(b'\\');
        done = at;
    }
    line.extend_from_slice(json.get(done..).unwrap_or_default());
}

/// The answer to a call that failed.
pub(super) fn failure_line(id: &str, shape: Shape, error: &HookError) -> Vec<u8> {
    let text = Value::from(failure_text(error));
    let meta = json!({ ERROR: error.to_value() });
    let mut line = Vec::new();
    start(&mut line, id, shape);
    let rest =
        format!("{{\"type\":\"text\",\"text\":{text}}}],\"isError\":true,\"_meta\":{meta}}}}}\n");
    line.extend_from_slice(rest.as_bytes());
    line
}

/// What a person or a model reads of an error.
pub(super) fn failure_text(error: &HookError) -> String {
    format!("{}: {}", error.code(), error.message())
}
