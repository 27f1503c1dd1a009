//! `_meta` of a request: trace context, metadata and deadline for the hook; the protocol version.

use std::time::Duration;

use rmcp::model::ClientCapabilities;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::session::Peer;
use crate::context::{HookContext, Metadata};
use crate::trace::{self, TRACEPARENT, TRACESTATE};
use crate::wire::{METADATA, Object, TIMEOUT_MS};

/// The stateless protocol, whose requests carry their version themselves.
const STATELESS: &str = "\"2026-07-28\"";

#[derive(Default, Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    client: Option<&'a RawValue>,
    #[serde(borrow)]
    traceparent: Option<&'a RawValue>,
    #[serde(borrow)]
    tracestate: Option<&'a RawValue>,
    #[serde(borrow, rename = "dev.dagstack/metadata")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, rename = "dev.dagstack/timeout_ms")]
    timeout: Option<&'a RawValue>,
    #[serde(borrow, rename = "progressToken")]
    progress: Option<&'a RawValue>,
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

/// What a call's `_meta` says.
pub(super) struct Read<'a> {
    pub(super) context: HookContext,
    pub(super) shape: Shape,
    /// What the peer says of itself with this request; `None` where `initialize` says it.
    pub(super) peer: Option<Peer>,
    /// Under which token the caller wants to hear of the call's progress, as JSON.
    pub(super) progress: Option<&'a str>,
}

/// Reads a call's `_meta`; `None` if it is the MCP SDK that must judge it.
pub(super) fn read(text: &str) -> Option<Read<'_>> {
    let Object(meta) = serde_json::from_str::<Object<Meta<'_>>>(text).ok()?;
    let (shape, peer) = match meta.version {
        None => (Shape::Session, None),
        Some(version) if version.get() == STATELESS => {
            let capabilities = meta.capabilities?.get();
            if capabilities != "{}" {
                serde_json::from_str::<ClientCapabilities>(capabilities).ok()?;
            }
            let peer = Peer::read(Some(capabilities), meta.client.map(RawValue::get));
            (Shape::Stateless, Some(peer))
        }
        Some(_) => return None,
    };
    // What cannot be read, as it nests too deep, must not be dropped: a tenant is among it.
    let given = |raw: Option<&RawValue>| match raw {
        None => Some(None),
        Some(raw) => serde_json::from_str(raw.get()).ok().map(Some),
    };
    let context = context(
        given(meta.traceparent)?,
        given(meta.tracestate)?,
        given(meta.metadata)?,
        given(meta.timeout)?,
    );
    Some(Read {
        context,
        shape,
        peer,
        progress: meta.progress.map(RawValue::get).filter(|it| is_token(it)),
    })
}

/// Who sent a request whose `_meta` is read already; `None` where `initialize` says it.
pub(super) fn peer_of(meta: &Map<String, Value>) -> Option<Peer> {
    let key = |name: &str| meta.get(&format!("io.modelcontextprotocol/{name}"));
    key("protocolVersion")?;
    Some(Peer::of(key("clientCapabilities"), key("clientInfo")))
}

/// The same as [`read`] from a map that is read already.
pub(super) fn read_map(meta: &Map<String, Value>) -> HookContext {
    let given = |key: &str| meta.get(key).cloned();
    context(
        given(TRACEPARENT),
        given(TRACESTATE),
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
    trace::put_bare(&mut entries, traceparent, tracestate);
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

/// Whether a `progressToken` is one: a text or a number.
fn is_token(json: &str) -> bool {
    json.starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_texts_and_numbers() {
        for (json, token) in [
            ("\"a\"", true),
            ("7", true),
            ("-1", true),
            ("null", false),
            ("{}", false),
        ] {
            assert_eq!(is_token(json), token, "{json}");
        }
    }
}
