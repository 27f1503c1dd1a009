//! `_meta` of a request: trace context, metadata and deadline for the hook; the protocol version.

use std::time::Duration;

use rmcp::model::ClientCapabilities;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::context::{HookContext, Metadata};
use crate::wire::{METADATA, TIMEOUT_MS};

/// The stateless protocol, whose requests carry their version themselves.
const STATELESS: &str = "\"2026-07-28\"";

#[derive(Default, Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<&'a RawValue>,
    #[serde(borrow)]
    traceparent: Option<&'a RawValue>,
    #[serde(borrow)]
    tracestate: Option<&'a RawValue>,
    #[serde(borrow, rename = "dev.dagstack/metadata")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, rename = "dev.dagstack/timeout_ms")]
    timeout: Option<&'a RawValue>,
}

/// Which shape the answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// For sessions with `initialize`, and none.
    #[default]
    Session,
    /// For 2026-07-28: with `resultType`.
    Stateless,
}

/// What a call's `_meta` says; `None` if it is the MCP SDK that must judge it.
pub(super) fn read(text: &str) -> Option<(HookContext, Shape)> {
    let meta: Meta<'_> = serde_json::from_str(text).ok()?;
    let shape = match meta.version {
        None => Shape::Session,
        Some(version) if version.get() == STATELESS => {
            let capabilities = meta.capabilities?.get();
            if capabilities != "{}" {
                serde_json::from_str::<ClientCapabilities>(capabilities).ok()?;
            }
            Shape::Stateless
        }
        Some(_) => return None,
    };
    let given = |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let context = context(
        given(meta.traceparent),
        given(meta.tracestate),
        given(meta.metadata),
        given(meta.timeout),
    );
    Some((context, shape))
}

/// The same from a map that is read already.
pub(super) fn read_map(meta: &Map<String, Value>) -> HookContext {
    let given = |key: &str| meta.get(key).cloned();
    context(
        given("traceparent"),
        given("tracestate"),
        given(METADATA),
        given(TIMEOUT_MS),
    )
}

fn context(
    traceparent: Option<Value>,
    tracestate: Option<Value>,
    metadata: Option<Value>,
    timeout: Option<Value>,
) -> HookContext {
    let mut context = HookContext::new();
    let mut entries = match metadata {
        None => Map::new(),
        Some(Value::Object(entries)) => entries,
        Some(_) => {
            tracing::warn!("dropped `{METADATA}`: it must be an object");
            Map::new()
        }
    };
    match traceparent {
        None => {}
        Some(Value::String(parent)) if is_traceparent(&parent) => {
            let mut trace = json!({ "traceparent": parent });
            if let (Some(Value::String(state)), Some(trace)) = (tracestate, trace.as_object_mut()) {
                trace.insert("tracestate".to_owned(), Value::String(state));
            }
            entries.insert("trace_context".to_owned(), trace);
        }
        Some(_) => tracing::warn!(
            "dropped `traceparent`: expected the W3C form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>"
        ),
    }
    if !entries.is_empty() {
        context = context.with_metadata(Metadata::from(entries));
    }
    if let Some(timeout) = timeout {
        match timeout.as_f64() {
            Some(millis) if millis >= 0.0 => {
                // Too long to count is no deadline.
                if let Ok(timeout) = Duration::try_from_secs_f64(millis / 1000.0) {
                    context = context.with_timeout(timeout);
                }
            }
            _ => tracing::warn!("dropped `{TIMEOUT_MS}`: it must be a number of milliseconds"),
        }
    }
    context
}

/// W3C Trace Context, §3.2.
pub(super) fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, digits: usize| {
        part.len() == digits
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let mut parts = text.split('-');
    let (Some(version), Some(trace), Some(span), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && hex(trace, 32)
        && !zero(trace)
        && hex(span, 16)
        && !zero(span)
        && hex(flags, 2)
}
