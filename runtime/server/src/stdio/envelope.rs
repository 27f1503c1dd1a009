//! Lines into JSON-RPC messages, and answers into lines. Of a message only the envelope is read;
//! `params` and `id` stay text.

use std::borrow::Cow;
use std::fmt::Display;

use rmcp::ErrorData;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use dagstack_plugin_core::encode::nesting::text_is_deeper;
use dagstack_plugin_core::json_type;

/// The version of MCP that has batches.
pub(super) const HAS_BATCHES: &str = "2025-03-26";
/// Bad JSON, invalid UTF-8, too deep nesting.
pub(super) const PARSE_ERROR: i32 = -32700;
/// JSON, but no request.
pub(super) const INVALID_REQUEST: i32 = -32600;
/// A known method with parameters that do not fit.
pub(super) const INVALID_PARAMS: i32 = -32602;
/// Deeper nesting is refused (the limit of serde_json).
const MAX_DEPTH: usize = 128;

/// One message.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// Wants an answer under `id`, whose text is echoed as it is.
    Request {
        id: &'a str,
        method: Cow<'a, str>,
        params: Option<&'a str>,
    },
    /// Wants none.
    Notification {
        method: Cow<'a, str>,
        params: Option<&'a str>,
    },
    /// An answer to a request of ours: a `result` or an `error`.
    Response {
        id: Option<&'a str>,
        result: Option<&'a str>,
        error: Option<&'a str>,
    },
    /// Something else. The answer's id is `null` where `id` is `None`.
    Invalid {
        id: Option<&'a str>,
        code: i32,
        problem: Cow<'static, str>,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// Unlike serde's own, tells `null` from absent.
pub(super) fn present<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Reads the envelope of one line.
pub(super) fn parse(line: &str) -> Message<'_> {
    // A derived struct is read from an array too.
    if !is_object(line) {
        return not_a_message(line, "it is no object");
    }
    let envelope = match serde_json::from_str::<Envelope<'_>>(line) {
        Ok(envelope) => envelope,
        Err(error) => return not_a_message(line, error),
    };
    let text = RawValue::get;
    let id = envelope.id.map(text);
    let Some(method) = envelope.method else {
        if envelope.result.is_some() || envelope.error.is_some() {
            return Message::Response {
                id,
                result: envelope.result.map(text),
                error: envelope.error.map(text),
            };
        }
        return invalid(id, "a request needs a `method`");
    };
    let Ok(method) = serde_json::from_str::<Text<'_>>(method.get()) else {
        return invalid(id, "`method` must be a text");
    };
    if envelope.jsonrpc.map(text) != Some(r#""2.0""#) {
        return invalid(id, r#"a message needs `"jsonrpc":"2.0"`"#);
    }
    let params = envelope.params.map(text).filter(|params| *params != "null");
    match id {
        None => Message::Notification {
            method: method.0,
            params,
        },
        Some(id) if is_id(id) => Message::Request {
            id,
            method: method.0,
            params,
        },
        Some(_) => invalid(None, "`id` must be a text or an integer"),
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn invalid<'a>(id: Option<&'a str>, problem: &'static str) -> Message<'a> {
    Message::Invalid {
        id: id.filter(|id| is_id(id)),
        code: INVALID_REQUEST,
        problem: problem.into(),
    }
}

fn is_id(text: &str) -> bool {
    match text.as_bytes() {
        [b'"', ..] => true,
        [b'-', digits @ ..] | digits => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
    }
}

impl Message<'_> {
    /// What is JSON, but no message.
    pub(super) fn invalid(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid {
            id: None,
            code: INVALID_REQUEST,
            problem: problem.into(),
        }
    }
}

/// Why a line is no message: no JSON at all, or JSON of another shape.
#[cold]
pub(super) fn not_a_message(line: &str, error: impl Display) -> Message<'_> {
    if let Some(problem) = too_deep(line) {
        return Message::Invalid {
            id: None,
            code: PARSE_ERROR,
            problem: problem.into(),
        };
    }
    if let Err(syntax) = serde_json::from_str::<serde::de::IgnoredAny>(line) {
        return Message::Invalid {
            id: None,
            code: PARSE_ERROR,
            problem: format!("the line is no JSON: {syntax}").into(),
        };
    }
    Message::Invalid {
        id: None,
        code: INVALID_REQUEST,
        problem: match type_of(line) {
            "an array" => format!(
                "found an array, expected an object: only MCP {} has batches; send each message on a line of its own",
                HAS_BATCHES
            )
            .into(),
            "an object" => format!("the message is no JSON-RPC request: {error}").into(),
            other => format!("found {other}, expected an object, a JSON-RPC message").into(),
        },
    }
}

/// Whether JSON text is an object.
pub(super) fn is_object(json: &str) -> bool {
    let space = [' ', '\t', '\r', '\n'];
    json.trim_start_matches(space).starts_with('{')
}

/// Whether JSON text is an array.
pub(super) fn is_array(json: &str) -> bool {
    let space = [' ', '\t', '\r', '\n'];
    json.trim_start_matches(space).starts_with('[')
}

/// What JSON text is, by its first byte: not all that is valid can be decoded.
pub(super) fn type_of(json: &str) -> &'static str {
    json_type(&match json.trim_ascii_start().as_bytes().first() {
        Some(b'{') => Value::Object(Map::new()),
        Some(b'[') => Value::Array(Vec::new()),
        Some(b'"') => Value::String(String::new()),
        Some(b't' | b'f') => Value::Bool(true),
        Some(b'n') | None => Value::Null,
        Some(_) => Value::from(0),
    })
}

/// The id of a request of which only the beginning is there, as it stands in it. Without it, whoever
/// sent the request would wait for ever.
pub(super) fn id_in(head: &[u8]) -> Option<&str> {
    let end = head.len().min(match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        Err(error) => error.valid_up_to(),
    });
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let (before, rest) = head.split_once("\"id\"")?;
    // An `id` among the arguments is not the request's.
    if before.contains("\"params\"") {
        return None;
    }
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let length = match rest.strip_prefix('"') {
        Some(text) => text.find('"')? + 2,
        None => rest.find(|c: char| !(c.is_ascii_digit() || c == '-'))?,
    };
    rest.get(..length)
        .filter(|id| !id.is_empty() && !id.contains('\\'))
}

/// As much of a name as is shown of one that is unknown.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    const MOST: usize = 200;
    match name.char_indices().nth(MOST) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", name.get(..end).unwrap_or_default())),
    }
}

/// What is wrong with a text that nests deeper than serde_json reads.
fn too_deep(text: &str) -> Option<String> {
    text_is_deeper(text, MAX_DEPTH)
        .then(|| format!("the message nests deeper than {MAX_DEPTH} levels"))
}

/// A JSON-RPC error as one line.
pub(super) fn error_line(id: Option<&str>, code: i32, message: &str) -> Vec<u8> {
    let message = Value::from(message);
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{{\"code\":{code},\"message\":{message}}}}}\n",
        id.unwrap_or("null")
    )
    .into_bytes()
}

/// An answer as one line.
pub(super) fn result_line(id: &str, result: impl Display) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n").into_bytes()
}

/// The error for parameters that cannot be read.
pub(super) fn unfit(params: &str, error: &serde_json::Error) -> ErrorData {
    if let Some(problem) = too_deep(params) {
        return ErrorData::parse_error(problem, None);
    }
    let problem = format!("the request's parameters do not fit: {error}");
    ErrorData::invalid_params(problem, None)
}

/// A JSON-RPC error as one line, with its data.
pub(super) fn refusal_line(id: &str, error: &ErrorData) -> Vec<u8> {
    match serde_json::to_string(error) {
        Ok(error) => {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}\n").into_bytes()
        }
        Err(_) => error_line(Some(id), error.code.0, &error.message),
    }
}

#[cfg(test)]
mod tests {
    use super::{id_in, type_of};

    #[test]
    fn the_type_is_told_of_what_cannot_be_decoded_too() {
        let types = [
            ("an object", " {\"a\":1e400}"),
            ("an array", "[1e400]"),
            ("text", r#""\ud800""#),
            ("a number", "-1e400"),
            ("a number", "1e400"),
            ("a boolean", "true"),
            ("a boolean", "false"),
            ("null", "null"),
        ];
        for (name, json) in types {
            assert_eq!(type_of(json), name, "{json}");
        }
    }

    #[test]
    fn the_id_is_found_in_the_beginning_of_a_request() {
        assert_eq!(
            id_in(br#"{"jsonrpc":"2.0","id":17,"method":"tools/c"#),
            Some("17")
        );
        assert_eq!(id_in(br#"{"id" : "a-1", "method"#), Some("\"a-1\""));
        assert_eq!(id_in(br#"{"params":{"arguments":{"id":3,"text":"x"#), None);
        assert_eq!(id_in(br#"{"jsonrpc":"2.0","id":"abc"#), None);
        assert_eq!(id_in(b"no request"), None);
    }
}
