//! What a call's answer looks like, byte for byte.
//!
//! The bytes are those rmcp writes for a `CallToolResult`, with structured content unless the value is
//! content itself, in its order of fields, made in one buffer without a JSON tree. Errors have no `structuredContent`: the TypeScript client holds it
//! against the tool's output schema even when `isError` is set. Their structured form is in `_meta`.

use rmcp::ErrorData;
use serde_json::{Value, json};

use super::envelope::refusal_line;
use super::origin::Origin;
use super::writer::{LineWriter, Pieces};
use dagstack_engine::wire::ERROR;
use dagstack_plugin_core::error::{HookError, code};

/// Which shape an answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// A tool's result, for sessions with `initialize`, and none.
    #[default]
    Session,
    /// The same for 2026-07-28: with `resultType`.
    Stateless,
    /// No tool's result: what would be its structured content, and errors are JSON-RPC's.
    Plain,
}

/// How a result is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResultFormat {
    pub(super) shape: Shape,
    /// The value is no object and travels under `result`.
    pub(super) wraps: bool,
    pub(super) content: Content,
}

/// The content blocks, which a model reads, beside the structured content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// None: the peer knows our extension and reads the structured content, or there are no blocks.
    None,
    /// The value, which is a text, as it is, in a text block. Escapes and a wrapper around it would
    /// only be in a model's way.
    Text,
    /// The JSON of the structured content in a text block, as MCP asks for.
    Json,
    /// The value is the blocks, and there is no structured content.
    Blocks,
}

impl Content {
    /// What a peer gets of the JSON text `value`, which `is_blocks` if its type says so. Whether that is
    /// a text is seen from the value, not from the type: an `Option` or an enum may be one.
    pub(super) fn of(value: &[u8], is_blocks: bool, shape: Shape, has_extension: bool) -> Self {
        match value.first() {
            _ if has_extension || shape == Shape::Plain => Self::None,
            Some(b'[') if is_blocks => Self::Blocks,
            Some(b'"') => Self::Text,
            _ => Self::Json,
        }
    }
}

/// The answer's beginning, up to the content of a tool's result.
fn start(line: &mut Vec<u8>, id: &str, shape: Shape) {
    line.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(match shape {
        Shape::Session => b",\"result\":{\"content\":".as_slice(),
        Shape::Stateless => b",\"result\":{\"resultType\":\"complete\",\"content\":".as_slice(),
        Shape::Plain => b",\"result\":".as_slice(),
    });
}

/// Values from here on are not copied into one line.
const LARGE: usize = 32 * 1024;
/// What of a large answer is made ready at a time.
const PIECE: usize = 64 * 1024;

/// The answer to a call that succeeded with the JSON text `value`.
pub(super) fn send_result(
    output: &LineWriter,
    origin: &Origin,
    id: &str,
    format: ResultFormat,
    value: &[u8],
    more: bool,
) {
    match &origin.batch {
        Some(batch) => batch.add_bounded(id, length(id, format, value), || line(id, format, value)),
        None if value.len() >= LARGE => output.send_pieces(&Large { id, format, value }),
        None => output.send(line(id, format, value), more),
    }
}

/// About how long the whole answer is; escapes come on top.
fn length(id: &str, format: ResultFormat, value: &[u8]) -> usize {
    let copies = match format.content {
        Content::None | Content::Blocks => 1,
        Content::Text | Content::Json => 2,
    };
    id.len() + copies * value.len() + 192
}

/// The whole answer.
fn line(id: &str, format: ResultFormat, value: &[u8]) -> Vec<u8> {
    // With room for some escapes.
    let mut line = Vec::with_capacity(length(id, format, value) + value.len() / 8);
    before(&mut line, id, format);
    match format.content {
        Content::None | Content::Blocks => {}
        Content::Text => line.extend_from_slice(value),
        Content::Json => escape(&mut line, value),
    }
    between(&mut line, format);
    line.extend_from_slice(value);
    after(&mut line, format);
    line
}

/// An answer that is made while it is written: the reader at the other end has begun before the
/// whole of it is there, and it never is in memory, twice as large as the value.
struct Large<'a> {
    id: &'a str,
    format: ResultFormat,
    value: &'a [u8],
}

impl Pieces for Large<'_> {
    fn each(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut piece = Vec::with_capacity(PIECE);
        before(&mut piece, self.id, self.format);
        match self.format.content {
            Content::None | Content::Blocks => {}
            Content::Text => {
                if !(sink(&piece) && sink(self.value)) {
                    return false;
                }
                piece.clear();
            }
            Content::Json => {
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
        between(&mut piece, self.format);
        if !sink(&piece) {
            return false;
        }
        piece.clear();
        // The end goes with the tail, to save a write.
        let end = self.value.len().saturating_sub(PIECE / 16);
        let (most, end) = self.value.split_at(end);
        piece.extend_from_slice(end);
        after(&mut piece, self.format);
        sink(most) && sink(&piece)
    }
}

fn before(line: &mut Vec<u8>, id: &str, format: ResultFormat) {
    start(line, id, format.shape);
    line.extend_from_slice(match format.content {
        Content::None if format.shape == Shape::Plain => b"".as_slice(),
        Content::None => b"[",
        Content::Text => br#"[{"type":"text","text":"#,
        Content::Json if format.wraps => br#"[{"type":"text","text":"{\"result\":"#,
        Content::Json => br#"[{"type":"text","text":""#,
        Content::Blocks => b"",
    });
}

fn between(line: &mut Vec<u8>, format: ResultFormat) {
    line.extend_from_slice(match format.content {
        Content::None | Content::Blocks => b"".as_slice(),
        Content::Text => b"}",
        Content::Json if format.wraps => b"}\"}",
        Content::Json => b"\"}",
    });
    line.extend_from_slice(match (format.content, format.shape, format.wraps) {
        (Content::Blocks, ..) | (_, Shape::Plain, false) => b"".as_slice(),
        (_, Shape::Plain, true) => br#"{"result":"#,
        (.., true) => br#"],"structuredContent":{"result":"#,
        (.., false) => br#"],"structuredContent":"#,
    });
}

fn after(line: &mut Vec<u8>, format: ResultFormat) {
    line.extend_from_slice(match (format.content, format.shape, format.wraps) {
        (_, Shape::Plain, true) => b"}}\n".as_slice(),
        (_, Shape::Plain, false) => b"}\n",
        (Content::Blocks, ..) | (.., false) => b",\"isError\":false}}\n",
        (.., true) => b"},\"isError\":false}}\n",
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
        format!("[{{\"type\":\"text\",\"text\":{text}}}],\"isError\":true,\"_meta\":{meta}}}}}\n");
    line.extend_from_slice(rest.as_bytes());
    line
}

/// A hook's error as one of JSON-RPC.
pub(super) fn protocol_error(error: &HookError) -> ErrorData {
    let (text, data) = (failure_text(error), Some(error.to_value()));
    match error.code() {
        code::INVALID_ARGUMENTS | code::NOT_EXPOSED | code::UNKNOWN_HOOK => {
            ErrorData::invalid_params(text, data)
        }
        _ => ErrorData::internal_error(text, data),
    }
}

/// What a person or a model reads of an error.
pub(super) fn failure_text(error: &HookError) -> String {
    format!("{}: {}", error.code(), error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way in which this value can be written.
    fn formats(value: &[u8]) -> Vec<ResultFormat> {
        let shapes = [Shape::Session, Shape::Stateless, Shape::Plain];
        let format = |shape, wraps, is_blocks, has_extension| ResultFormat {
            shape,
            wraps,
            content: Content::of(value, is_blocks, shape, has_extension),
        };
        let either = [true, false];
        let all = shapes.into_iter().flat_map(|shape| {
            either.into_iter().flat_map(move |wraps| {
                let peers = either.map(|has_extension| format(shape, wraps, false, has_extension));
                peers.into_iter().chain([format(shape, true, true, wraps)])
            })
        });
        all.collect()
    }

    #[test]
    fn an_answer_has_the_value_and_its_text() {
        for value in [
            json!("a \"quoted\" \\ text"),
            json!({ "k": ["\\\"", 1] }),
            json!([{ "type": "text", "text": "\"" }]),
            json!([]),
        ] {
            let json = value.to_string();
            for format in formats(json.as_bytes()) {
                let line = line("\"id\"", format, json.as_bytes());
                let answer: Value = serde_json::from_slice(&line).unwrap();
                assert_eq!(answer["id"], "id");
                let result = &answer["result"];
                let structured = match format.wraps {
                    true => json!({ "result": value }),
                    false => value.clone(),
                };
                if format.shape == Shape::Plain {
                    assert_eq!(*result, structured, "{format:?}");
                    continue;
                }
                assert_eq!(result["isError"], false);
                if format.content == Content::Blocks {
                    assert_eq!(result["content"], value, "{format:?}");
                    assert_eq!(result.get("structuredContent"), None);
                    continue;
                }
                assert_eq!(result["structuredContent"], structured, "{format:?}");
                let text = match format.content {
                    Content::Text => value.as_str().map(str::to_owned),
                    Content::Json => Some(structured.to_string()),
                    Content::None | Content::Blocks => None,
                };
                let content = text.map(|text| json!({ "type": "text", "text": text }));
                assert_eq!(result["content"], Value::from_iter(content), "{format:?}");
            }
        }
    }

    /// With an escape at every place where a part may end.
    #[test]
    fn a_large_answer_is_the_same_in_pieces() {
        for length in [0, 1, LARGE, PIECE / 2 - 1, PIECE + 7] {
            let text = "\"\\".repeat(length);
            for value in [json!(text).to_string(), json!([text]).to_string()] {
                for format in formats(value.as_bytes()) {
                    let (id, value) = ("7", value.as_bytes());
                    let mut pieces = Vec::new();
                    let all = Large { id, format, value }.each(&mut |piece| {
                        pieces.extend_from_slice(piece);
                        true
                    });
                    assert!(all && pieces == line(id, format, value), "{format:?}");
                }
            }
        }
    }
}
