//! What goes beside a call's arguments, in `_meta`.

use dagstack_engine::wire;
use dagstack_plugin_core::trace::{TRACEPARENT, TRACESTATE};
use dagstack_plugin_core::{HookContext, Metadata};
use rmcp::model::{JsonObject, MetaObject, RequestMetaObject};
use serde_json::{Map, Value};

/// `_meta` of a call; `None` where there is nothing to say.
pub(super) fn of_call(ctx: &HookContext) -> Option<RequestMetaObject> {
    let mut meta = JsonObject::new();
    put_metadata(&mut meta, ctx.metadata());
    if let Some(left) = ctx.remaining() {
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
        meta.insert(wire::TIMEOUT_MS.to_owned(), millis.into());
    }
    (!meta.is_empty()).then_some(RequestMetaObject(MetaObject(meta)))
}

fn put_metadata(meta: &mut JsonObject, metadata: &Metadata) {
    if metadata.is_empty() {
        return;
    }
    let mut rest: Map<String, Value> = metadata.into();
    // Whatever was malformed has been dropped as it came into the context.
    let (traceparent, tracestate) = wire::take_bare(&mut rest);
    for (key, value) in [(TRACEPARENT, traceparent), (TRACESTATE, tracestate)] {
        if let Some(value) = value {
            meta.insert(key.to_owned(), value);
        }
    }
    if !rest.is_empty() {
        meta.insert(wire::METADATA.to_owned(), Value::Object(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn trace_context_travels_bare_and_the_rest_together() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let metadata = Metadata::new().with("tenant_id", "acme").with(
            "trace_context",
            json!({ "traceparent": parent, "tracestate": "a=b" }),
        );
        let ctx = HookContext::new()
            .with_metadata(metadata)
            .with_timeout(Duration::from_secs(60));
        let meta = of_call(&ctx).unwrap().0.0;
        assert_eq!(meta["traceparent"], parent);
        assert_eq!(meta["tracestate"], "a=b");
        assert_eq!(
            meta["dev.dagstack/metadata"],
            json!({ "tenant_id": "acme" })
        );
        assert!(meta["dev.dagstack/timeout_ms"].as_u64().unwrap() > 50_000);
        assert_eq!(of_call(&HookContext::new()), None);
    }

    #[test]
    fn a_malformed_trace_context_is_dropped() {
        let metadata = Metadata::new().with("trace_context", json!({ "traceparent": "00-zz" }));
        assert_eq!(of_call(&HookContext::new().with_metadata(metadata)), None);
        let metadata = Metadata::new().with(
            "trace_context",
            json!({ "traceparent": 7, "vendor": { "hop": 1 } }),
        );
        let meta = of_call(&HookContext::new().with_metadata(metadata))
            .unwrap()
            .0
            .0;
        assert_eq!(
            Value::Object(meta),
            json!({ "dev.dagstack/metadata": { "trace_context": { "vendor": { "hop": 1 } } } })
        );
    }
}
