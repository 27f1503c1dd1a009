//! What a call's answer looks like, byte for byte.
//!
//! The bytes are those rmcp writes for a `CallToolResult` with structured content, in its order of
//! fields, made in one buffer without a JSON tree. Errors have no `structuredContent`: the TypeScript client holds it
//! against the tool's output schema even when `isError` is set. Their structured form is in `_meta`.

use rmcp::ErrorData;
use serde_json::{Value, json};

use super::envelope::refusal_line;
use super::meta::Shape;
use super::output::{Output, Pieces};
use dagstack_engine::wire::ERROR;
use dagstack_plugin_core::error::{HookError, code};

/// How a result is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) shape: Shape,
    /// The value is no object and travels under `result`.
    pub(super) wraps: bool,
    pub(super) copy: Copy,
}

/// The text block beside the structured content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    /// None: the peer knows our extension and reads the structured content, or there is none.
    None,
    /// The value, which is a text, as it is. A model reads it, and escapes and a wrapper around it
    /// would only be in its way.
    Text,
    /// The JSON of the structured content, as MCP asks for.
    Json,
}

impl Copy {
    /// What a peer gets of the JSON text `value`. Whether that is a text is seen from the value, not
    /// from the type: an `Option` or an enum may be one.
    pub(super) fn of(value: &[u8], shape: Shape, is_ours: bool) -> Self {
        match value.first() {
            _ if is_ours || shape == Shape::Plain => Self::None,
            Some(b'"') => Self::Text,
            _ => Self::Json,
        }
    }
}

/// The answer's beginning, up to what a tool says.
fn start(line: &mut Vec<u8>, id: &str, shape: Shape) {
    line.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(match shape {
        Shape::Session => b",\"result\":{\"content\":[".as_slice(),
        Shape::Stateless => b",\"result\":{\"resultType\":\"complete\",\"content\":[".as_slice(),
        Shape::Plain => b",\"result\":{".as_slice(),
    });
}

/// Values from here on are not copied into one line.
const LARGE: usize = 32 * 1024;
/// What of a large answer is made ready at a time.
const PIECE: usize = 64 * 1024;

/// The answer to a call that succeeded with the JSON text `value`.
pub(super) fn send_result(output: &Output, id: &str, form: Form, value: &[u8], more: bool) {
    if value.len() >= LARGE {
        output.send_pieces(&Large { id, form, value });
        return;
    }
    let copies = if form.copy == Copy::None { 1 } else { 2 };
    // With room for some escapes.
    let mut line = Vec::with_capacity(id.len() + copies * value.len() + value.len() / 8 + 192);
    before(&mut line, id, form);
    match form.copy {
        Copy::None => {}
        Copy::Text => line.extend_from_slice(value),
        Copy::Json => escape(&mut line, value),
    }
    between(&mut line, form);
    line.extend_from_slice(value);
    after(&mut line, form);
    output.send(line, more);
}

/// An answer that is made while it is written: the reader at the other end has begun before the
/// whole of it is there, and it never is in memory, twice as large as the value.
struct Large<'a> {
    id: &'a str,
    form: Form,
    value: &'a [u8],
}

impl Pieces for Large<'_> {
    fn each(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut piece = Vec::with_capacity(PIECE);
        before(&mut piece, self.id, self.form);
        match self.form.copy {
            Copy::None => {}
            Copy::Text => {
                if !(sink(&piece) && sink(self.value)) {
                    return false;
                }
                piece.clear();
            }
            Copy::Json => {
                // Half a piece, as it may double.
                for part in self.value.chunks(PIECE / 2) {
                    if piece.len() + part.len() > PIECE {
                        if !sink(&piece) {
                            return false;
                        }
                        piece.clear();
                    }
                    escape(&mut piece, part);
                }
            }
        }
        between(&mut piece, self.form);
        if !sink(&piece) {
            return false;
        }
        piece.clear();
        // The end goes with the tail, to save a write.
        let end = self.value.len().saturating_sub(PIECE / 16);
        let (most, end) = self.value.split_at(end);
        piece.extend_from_slice(end);
        after(&mut piece, self.form);
        sink(most) && sink(&piece)
    }
}

fn before(line: &mut Vec<u8>, id: &str, form: Form) {
    start(line, id, form.shape);
    line.extend_from_slice(match form.copy {
        Copy::None => b"".as_slice(),
        Copy::Text => br#"{"type":"text","text":"#,
        Copy::Json if form.wraps => br#"{"type":"text","text":"{\"result\":"#,
        Copy::Json => br#"{"type":"text","text":""#,
    });
}

fn between(line: &mut Vec<u8>, form: Form) {
    line.extend_from_slice(match form.copy {
        Copy::None => b"".as_slice(),
        Copy::Text => b"}",
        Copy::Json if form.wraps => b"}\"}",
        Copy::Json => b"\"}",
    });
    line.extend_from_slice(match (form.shape, form.wraps) {
        (Shape::Plain, _) => br#""result":"#.as_slice(),
        (_, true) => br#"],"structuredContent":{"result":"#,
        (_, false) => br#"],"structuredContent":"#,
    });
}

fn after(line: &mut Vec<u8>, form: Form) {
    line.extend_from_slice(match (form.shape, form.wraps) {
        (Shape::Plain, _) => b"}}\n".as_slice(),
        (_, true) => b"},\"isError\":false}}\n",
        (_, false) => b",\"isError\":false}}\n",
    });
}

/// JSON text inside a JSON string. On one line it has no control characters, so these two are all.
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
    if shape == Shape::Plain {
        return refusal_line(id, &protocol_error(error));
    }
    let text = Value::from(failure_text(error));
    let meta = json!({ ERROR: error.to_value() });
    let mut line = Vec::new();
    start(&mut line, id, shape);
    let rest =
        format!("{{\"type\":\"text\",\"text\":{text}}}],\"isError\":true,\"_meta\":{meta}}}}}\n");
    line.extend_from_slice(rest.as_bytes());
    line
}

/// A hook's error as one of JSON-RPC.
pub(super) fn protocol_error(error: &HookError) -> ErrorData {
    let (text, data) = (failure_text(error), Some(error.to_value()));
    match error.code() {
        code::INVALID_ARGUMENTS | code::NOT_EXPOSED => ErrorData::invalid_params(text, data),
        _ => ErrorData::internal_error(text, data),
    }
}

/// What a person or a model reads of an error.
pub(super) fn failure_text(error: &HookError) -> String {
    format!("{}: {}", error.code(), error.message())
}
