//! `_meta` of a request: trace context, metadata and deadline for the hook; the protocol version.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, ProtocolVersion};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::envelope::unfit;
use super::log_level::Level;
use super::reply::Shape;
use super::session::Peer;
use dagstack_engine::wire::{METADATA, Object, TIMEOUT_MS, put_bare};
use dagstack_plugin_core::context::{HookContext, Metadata};

/// What a request that carries its version must carry too.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

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
    #[serde(borrow, rename = "io.modelcontextprotocol/logLevel")]
    log_level: Option<&'a RawValue>,
}

/// What a call's `_meta` says.
#[derive(Debug, Default)]
pub(super) struct CallMeta {
    pub(super) context: HookContext,
    pub(super) shape: Shape,
    /// What the peer says of itself with this request; `None` where `initialize` says it.
    pub(super) peer: Option<Peer>,
    /// Under which token the caller wants to hear of the call's progress, as JSON.
    pub(super) progress: Option<Box<str>>,
    /// From which level on the caller of the stateless protocol wants the call's records.
    pub(super) log_level: Option<Level>,
}

/// The longest `_meta` that is read, in bytes: a tree is made of some of it.
const MAX_META: usize = 1024 * 1024;

/// Whether a request's parameters are those of the stateless protocol, by the looks of them.
pub(super) fn is_stateless(params: Option<&str>) -> bool {
    params.is_some_and(|params| params.contains("/protocolVersion"))
}

/// Reads a call's `_meta`.
pub(super) fn read(text: &str) -> Result<CallMeta, ErrorData> {
    if text.len() > MAX_META {
        let problem = format!(
            "`_meta` may have at most {MAX_META} bytes, found {}",
            text.len()
        );
        return Err(ErrorData::invalid_params(problem, None));
    }
    // What cannot be read, as it nests too deep, must not be dropped: a tenant is among it.
    let unfit = |error| unfit(text, &error);
    let Object(meta) = serde_json::from_str::<Object<Meta<'_>>>(text).map_err(unfit)?;
    let given = |raw: Option<&RawValue>| {
        let value = raw.map(|raw| serde_json::from_str(raw.get()));
        value.transpose().map_err(unfit)
    };
    let context = context(
        given(meta.traceparent)?,
        given(meta.tracestate)?,
        given(meta.metadata)?,
        given(meta.timeout)?,
    );
    let token = meta.progress.map(RawValue::get).filter(|it| is_token(it));
    let mut read = CallMeta {
        context,
        progress: token.map(Box::from),
        ..CallMeta::default()
    };
    let version = meta.version.map(RawValue::get);
    if let Some(version) = version.and_then(|it| serde_json::from_str(it).ok()) {
        let capabilities = meta.capabilities.map(RawValue::get);
        read.shape = judge(version, capabilities)?;
        read.peer = Some(Peer::read(capabilities, meta.client.map(RawValue::get)));
        if read.shape == Shape::Stateless
            && let Some(level) = meta.log_level
        {
            let level = Level::read(level.get());
            read.log_level = Some(level.map_err(|problem| {
                let problem = format!("`{LOG_LEVEL}` in `_meta`: {problem}");
                ErrorData::invalid_params(problem, None)
            })?);
        }
    }
    Ok(read)
}

/// Judges, as the MCP SDK does, a request that carries a version itself.
fn judge(version: ProtocolVersion, capabilities: Option<&str>) -> Result<Shape, ErrorData> {
    let known = ProtocolVersion::KNOWN_VERSIONS;
    if !known.contains(&version) {
        return Err(ErrorData::unsupported_protocol_version(version, known));
    }
    // Dates compare as texts.
    if version.as_str() < ProtocolVersion::V_2026_07_28.as_str() {
        return Ok(Shape::Session);
    }
    let is_read = |text| text == "{}" || serde_json::from_str::<ClientCapabilities>(text).is_ok();
    if capabilities.is_some_and(is_read) {
        return Ok(Shape::Stateless);
    }
    let problem = format!("`{CAPABILITIES}` is missing in `_meta`, or malformed");
    Err(ErrorData::invalid_params(problem, None))
}

/// Who sent a request whose `_meta` is read already; `None` where `initialize` says it.
pub(super) fn peer_of(meta: &Map<String, Value>) -> Option<Peer> {
    let key = |name: &str| meta.get(&format!("io.modelcontextprotocol/{name}"));
    key("protocolVersion")?;
    Some(Peer::of(key("clientCapabilities"), key("clientInfo")))
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
    put_bare(&mut entries, traceparent, tracestate);
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
