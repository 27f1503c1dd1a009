//! What both ends of a dagstack connection must agree on: the extension's names, the form of a
//! plugin's announcement, of errors. The server writes with it, the host reads with it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use dagstack_plugin_core::encode::nesting::MAX_NESTING;
pub use dagstack_plugin_core::encode::on_one_line;
pub use dagstack_plugin_core::object::Object;
pub use dagstack_plugin_core::schema::WRAP;

use dagstack_plugin_core::error::{HookError, code};
use dagstack_plugin_core::trace::{TRACE_CONTEXT, TRACEPARENT, TRACESTATE};

/// The extension's key under `capabilities.experimental`, on both sides.
pub const EXTENSION: &str = "dev.dagstack/plugin";
/// The request that sets a plugin up: `{config, config_watch, metadata, clock, rng_seed,
/// resources}`. Its answer may have
/// `config_subscriptions`, the number of subscriptions that the setup made.
pub const SETUP: &str = "dagstack/setup";
/// That the plugin's config section has changed: `{config}`. Hosts notify; as a request it is answered
/// once the plugin's subscribers have been told, or by why they refuse it.
pub const CONFIG_CHANGED: &str = "dagstack/config_changed";
/// The request that asks how a plugin is.
pub const HEALTH: &str = "dagstack/health";
/// The request that tears a plugin down.
pub const TEARDOWN: &str = "dagstack/teardown";
/// The request to write [`log_mark`] of its `{mark}` to standard error, behind all that is logged: whoever
/// reads the mark there has read the rest.
pub const LOG_MARK: &str = "dagstack/log_mark";
/// The request by which a plugin calls a resource of its host: `{resource, method, params}`, answered
/// by `{"value": …}`.
pub const RESOURCE: &str = "dagstack/resource";
/// The key of the call's metadata in a request's `_meta`.
pub const METADATA: &str = "dev.dagstack/metadata";
/// The key of the time left, in milliseconds, in a request's `_meta`.
pub const TIMEOUT_MS: &str = "dev.dagstack/timeout_ms";
/// The key of the [`HookError`] in the `_meta` of a result with `isError`.
pub const ERROR: &str = "dev.dagstack/error";
/// The key of what a report says beyond MCP's own, in the `_meta` of `notifications/progress`:
/// `{"payload"}` of an update, `{"type", "payload"}` of an event.
pub const PROGRESS: &str = "dev.dagstack/progress";
/// FastMCP's mark of the same.
pub const WRAP_FASTMCP: &str = "x-fastmcp-wrap-result";

/// What stands before the number in the line of a mark.
const MARK: &str = "{\"dev.dagstack/log_mark\":";

/// The line that a [`LOG_MARK`] asks for, with its break.
pub fn log_mark(mark: u64) -> String {
    format!("{MARK}{mark}}}\n")
}

/// The mark that a line is; `None` if it is something else.
pub fn read_log_mark(line: &str) -> Option<u64> {
    line.trim_end()
        .strip_prefix(MARK)?
        .strip_suffix('}')?
        .parse()
        .ok()
}

/// Whether an MCP client of this name (`clientInfo`) is a dagstack host: a core of the family,
/// `dagstack` itself or `dagstack-runtime`, `dagstack-plugin-system`, `@dagstack/core` and the like.
/// Ours say so by the [`EXTENSION`].
pub fn is_dagstack_host(client: &str) -> bool {
    let Some(part) = client.trim_start_matches('@').strip_prefix("dagstack") else {
        return false;
    };
    let cores = ["core", "host", "plugin", "runtime"];
    match part.strip_prefix(['-', '_', '.', '/']) {
        Some(part) => cores.iter().any(|core| part.starts_with(core)),
        None => part.is_empty(),
    }
}

/// Whether bytes are one message: a line with its end, and no other line break in it.
pub fn is_one_line(message: &[u8]) -> bool {
    memchr::memchr(b'\n', message).is_some_and(|at| at + 1 == message.len())
}

/// What a plugin executable says about itself in its answer to `initialize`.
#[derive(Clone, Debug, Serialize)]
pub struct Announcement {
    /// The extension's version.
    pub version: u32,
    /// The plugin's manifest.
    pub manifest: Value,
    /// The JSON Schema of its config.
    pub config_schema: Value,
    /// The hooks that are tools.
    pub hooks: Vec<AnnouncedHook>,
    /// The names of those that are not exposed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
}

/// One hook of an [`Announcement`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnnouncedHook {
    /// The hook's name.
    pub name: String,
    /// The MCP tool that runs it.
    pub tool: String,
    /// Whether the tool's result is wrapped as `{"result": …}`.
    pub wraps_result: bool,
}

/// Reads a JSON-RPC error: one of ours carries the [`HookError`] in its `data`.
pub fn read_protocol_error(error: &Value) -> HookError {
    HookError::from_value(&error["data"]).unwrap_or_else(|| {
        let message = error["message"]
            .as_str()
            .unwrap_or("an error without a message");
        HookError::new(code::TRANSPORT, message)
    })
}

/// Takes `traceparent` and `tracestate` out of metadata, to be passed on under bare keys. What else
/// the trace context holds stays among the entries.
pub fn take_bare(entries: &mut Map<String, Value>) -> (Option<Value>, Option<Value>) {
    let Some(Value::Object(context)) = entries.get_mut(TRACE_CONTEXT) else {
        return (None, None);
    };
    let bare = (context.remove(TRACEPARENT), context.remove(TRACESTATE));
    if context.is_empty() {
        entries.remove(TRACE_CONTEXT);
    }
    bare
}

/// The inverse of [`take_bare`]. A context that is malformed is dropped, with a warning, when the
/// entries become the metadata of a call.
pub fn put_bare(
    entries: &mut Map<String, Value>,
    traceparent: Option<Value>,
    tracestate: Option<Value>,
) {
    let bare = [(TRACEPARENT, traceparent), (TRACESTATE, tracestate)];
    for (key, value) in bare {
        let Some(value) = value else { continue };
        let context = entries
            .entry(TRACE_CONTEXT)
            .or_insert_with(|| Value::Object(Map::new()));
        if !context.is_object() {
            *context = Value::Object(Map::new());
        }
        if let Value::Object(context) = context {
            context.insert(key.to_owned(), value);
        }
    }
}

/// A member that is an [`Object`] or `null`, for `#[serde(deserialize_with)]`.
///
/// # Errors
///
/// When it is something else, or no `T`.
pub fn optional<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<Object<T>>::deserialize(from).map(|given| given.map(|Object(value)| value))
}

/// A member that is an array of [`Object`]s, for `#[serde(deserialize_with)]`.
///
/// # Errors
///
/// When it is something else, or one of them no `T`.
pub fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Vec::<Object<T>>::deserialize(from)
        .map(|items| items.into_iter().map(|Object(item)| item).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_mark_is_a_line_of_its_own() {
        assert!(is_one_line(log_mark(7).as_bytes()));
        assert_eq!(read_log_mark(&log_mark(7)), Some(7));
        assert_eq!(read_log_mark("{\"body\":7}"), None);
    }

    #[test]
    fn bare_keys_there_and_back() {
        let all = json!({
            "trace_context": { "traceparent": PARENT, "tracestate": "a=b", "vendor": 1 },
            "tenant_id": "acme",
        });
        let Value::Object(mut entries) = all.clone() else {
            unreachable!()
        };
        let (parent, state) = take_bare(&mut entries);
        assert_eq!(parent, Some(json!(PARENT)));
        assert_eq!(
            Value::Object(entries.clone()),
            json!({ "trace_context": { "vendor": 1 }, "tenant_id": "acme" })
        );
        put_bare(&mut entries, parent, state);
        assert_eq!(Value::Object(entries), all);
    }
}
