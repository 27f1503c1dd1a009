//! A host whose log goes to an OpenTelemetry collector: the backend is the host's choice, and a plugin
//! knows nothing of it. [`OtlpLayer`] is all it takes: a layer of `tracing` that reads the records
//! of plugins, in process and out, by [`LogRecord::from_event`] and hands them to the SDK.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use dagstack_plugin::logging::LogRecord;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::{
    Context as OtelContext, InstrumentationScope, Key, SpanId, TraceFlags, TraceId,
};
use opentelemetry_otlp::{LogExporter, Protocol, WithExportConfig};
use opentelemetry_sdk::logs::{
    BatchConfigBuilder, BatchLogProcessor, SdkLogger, SdkLoggerProvider,
};
use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Records that wait for the collector; what comes on top is dropped.
const QUEUE: usize = 64 * 1024;

/// Sends what the plugins log to a collector.
pub struct OtlpLayer {
    logger: SdkLogger,
}

/// The layer, and what ends it: `shutdown()` sends what still waits.
///
/// # Errors
///
/// When the address is no URL.
pub fn otlp(
    collector: &str,
) -> Result<(OtlpLayer, SdkLoggerProvider), Box<dyn std::error::Error + Send + Sync>> {
    let exporter = LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(format!("{}/v1/logs", collector.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(10))
        .build()?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .build();
    let processor = BatchLogProcessor::builder(exporter)
        .with_batch_config(config)
        .build();
    let provider = SdkLoggerProvider::builder()
        .with_log_processor(processor)
        .build();
    let scope = InstrumentationScope::builder("dagstack")
        .with_version(env!("CARGO_PKG_VERSION"))
        .build();
    let logger = provider.logger_with_scope(scope);
    Ok((OtlpLayer { logger }, provider))
}

impl fmt::Debug for OtlpLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtlpLayer")
    }
}

impl<S: Subscriber> Layer<S> for OtlpLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // The exporter's own events would go round in circles.
        let target = event.metadata().target();
        if OtelContext::is_current_telemetry_suppressed()
            || ["hyper", "opentelemetry", "reqwest"]
                .iter()
                .any(|it| target.starts_with(it))
        {
            return;
        }
        let record = LogRecord::from_event(event);
        let mut out = self.logger.create_log_record();
        out.set_timestamp(UNIX_EPOCH + Duration::from_nanos(record.time_unix_nano));
        out.set_severity_number(severity(record.severity.number()));
        out.set_severity_text(record.severity.text());
        if let Some(body) = any(record.body) {
            out.set_body(body);
        }
        for (key, value) in record.attributes {
            if let Some(value) = any(value) {
                out.add_attribute(key, value);
            }
        }
        if let Some(scope) = record.instrumentation_scope {
            out.add_attribute("logger.name", scope.name);
        }
        if let (Some(trace), Some(span)) = (record.trace_id, record.span_id) {
            out.set_trace_context(
                TraceId::from_bytes(trace.to_u128().to_be_bytes()),
                SpanId::from_bytes(span.to_u64().to_be_bytes()),
                Some(TraceFlags::new(record.trace_flags)),
            );
        }
        self.logger.emit(out);
    }
}

/// The numbers are OpenTelemetry's own.
fn severity(number: u8) -> Severity {
    match number {
        ..=4 => Severity::Trace,
        5..=8 => Severity::Debug,
        9..=12 => Severity::Info,
        13..=16 => Severity::Warn,
        17..=20 => Severity::Error,
        21.. => Severity::Fatal,
    }
}

fn any(value: Value) -> Option<AnyValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => AnyValue::Boolean(truth),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => AnyValue::Int(number),
            (None, Some(number)) => AnyValue::Double(number),
            (None, None) => return None,
        },
        Value::String(text) => AnyValue::String(text.into()),
        Value::Array(items) => {
            AnyValue::ListAny(Box::new(items.into_iter().filter_map(any).collect()))
        }
        Value::Object(map) => AnyValue::Map(Box::new(
            map.into_iter()
                .filter_map(|(key, value)| Some((Key::from(key), any(value)?)))
                .collect(),
        )),
    })
}
