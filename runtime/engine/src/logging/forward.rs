//! Records of other processes, passed on as events of `tracing`.

use dagstack_plugin_core::logging::event::{
    self, FIXED, Fields, PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION, TENANT_ID, attributes_text,
    canonical,
};
use serde_json::Value;

use super::{LogRecord, Redaction};

/// Passes on a record that another process wrote, as one event. Hosts do, with what their plugins write
/// to standard error. Secrets are masked once more.
pub fn forward(record: &LogRecord) {
    if !event::is_forwarded(record.severity) {
        return;
    }
    let text = |key: &str| record.attributes.get(key).and_then(Value::as_str);
    let mut fields = Fields {
        kind: text(PLUGIN_KIND),
        name: text(PLUGIN_NAME),
        version: text(PLUGIN_VERSION),
        tenant_id: text(TENANT_ID),
        trace_flags: (record.trace_flags != 0).then(|| record.trace_flags.into()),
        time_unix_nano: Some(record.time_unix_nano),
        ..Fields::default()
    };
    let mut rest = record.attributes.clone();
    rest.retain(|key, value| !(FIXED.contains(&&**key) && value.is_string()));
    let attributes = attributes_text(&mut rest);
    let (trace_id, span_id) = (
        record.trace_id.map(|id| id.to_string()),
        record.span_id.map(|id| id.to_string()),
    );
    let resource = (!record.resource.is_empty())
        .then(|| canonical(&Redaction::default().apply(&record.resource)));
    fields.attributes = attributes.as_deref();
    fields.trace_id = trace_id.as_deref();
    fields.span_id = span_id.as_deref();
    fields.resource = resource.as_deref();
    if let Some(scope) = &record.instrumentation_scope {
        fields.logger = Some(&scope.name);
        fields.logger_version = scope.version.as_deref();
    }
    event::emit_forwarded(record.severity, &record.body, &fields);
}
