//! From what an MCP server answers to what a hook returned.

use dagstack_engine::wire;
use dagstack_plugin_core::{HookError, code};
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, ErrorData};
use serde_json::{Value, json};

use super::hooks::HookTool;

/// The value or error of a call.
pub(super) fn value(tool: &HookTool, answer: CallToolResult) -> Result<Value, HookError> {
    if answer.is_error == Some(true) {
        return Err(failure(answer));
    }
    match answer.structured_content {
        Some(Value::Object(mut map)) if tool.wraps && map.contains_key("result") => {
            Ok(map.remove("result").unwrap_or_default())
        }
        Some(value) => Ok(value),
        None => Ok(plain(answer.content)),
    }
}

/// The error that a plugin of ours wrote beside its text, or the text.
fn failure(answer: CallToolResult) -> HookError {
    let ours = answer
        .meta
        .as_ref()
        .and_then(|meta| meta.0.get(wire::ERROR))
        .and_then(HookError::from_value);
    ours.unwrap_or_else(|| {
        let text = text(&answer.content).unwrap_or_default();
        let text = match (text.is_empty(), answer.structured_content) {
            (true, Some(value)) => value.to_string(),
            (true, None) => "the tool failed and did not say why".to_owned(),
            (false, _) => text,
        };
        HookError::new(code::HOOK_FAILED, text)
    })
}

/// Servers without structured content: text as it stands, anything else as its content blocks.
fn plain(content: Vec<ContentBlock>) -> Value {
    match text(&content) {
        _ if content.is_empty() => Value::Null,
        Some(text) => Value::String(text),
        None => serde_json::to_value(content).unwrap_or_default(),
    }
}

/// All blocks as one text; `None` if one of them is something else.
fn text(content: &[ContentBlock]) -> Option<String> {
    let texts: Option<Vec<&str>> = content
        .iter()
        .map(|block| block.as_text().map(|text| text.text.as_str()))
        .collect();
    texts.map(|texts| texts.join("\n"))
}

/// A JSON-RPC error in answer to a call.
pub(super) fn protocol_error(hook: &str, error: ErrorData) -> HookError {
    if let Some(ours) = error.data.as_ref().and_then(HookError::from_value) {
        return ours;
    }
    let message = error.message.into_owned();
    if error.code == ErrorCode::INVALID_PARAMS {
        return HookError::new(code::INVALID_ARGUMENTS, message.clone())
            .details(json!({ "hook": hook, "errors": [{ "path": hook, "problem": message }] }));
    }
    HookError::new(
        code::TRANSPORT,
        format!("the plugin refused the call: {message}"),
    )
    .details(json!({ "hook": hook, "jsonrpc_code": error.code.0, "data": error.data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: Value) -> CallToolResult {
        serde_json::from_value(value).unwrap()
    }

    fn tool(wraps: bool) -> HookTool {
        HookTool {
            name: "t".into(),
            wraps,
        }
    }

    #[test]
    fn wrapped_values_are_unwrapped_and_others_stay() {
        let wrapped = || answer(json!({ "content": [], "structuredContent": { "result": [1] } }));
        assert_eq!(value(&tool(true), wrapped()), Ok(json!([1])));
        assert_eq!(value(&tool(false), wrapped()), Ok(json!({ "result": [1] })));
        let text = answer(json!({ "content": [{ "type": "text", "text": "42" }] }));
        assert_eq!(value(&tool(false), text), Ok(json!("42")));
        let nothing = answer(json!({ "content": [] }));
        assert_eq!(value(&tool(false), nothing), Ok(Value::Null));
    }

    #[test]
    fn an_error_of_ours_comes_back_whole() {
        let ours = answer(json!({
            "content": [{ "type": "text", "text": "text_too_long: it is" }],
            "isError": true,
            "_meta": { "dev.dagstack/error": {
                "code": "text_too_long", "message": "it is", "details": { "limit": 5 }
            } }
        }));
        let error = value(&tool(true), ours).unwrap_err();
        let expected = HookError::new("text_too_long", "it is").details(json!({ "limit": 5 }));
        assert_eq!(error, expected);
        let foreign =
            answer(json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }));
        let error = value(&tool(true), foreign).unwrap_err();
        assert_eq!((error.code(), error.message()), (code::HOOK_FAILED, "no"));
    }
}
