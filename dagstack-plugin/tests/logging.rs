//! Log records: the published vectors, the logger, and the layer that writes JSON lines.
#![cfg(feature = "logging")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::io;
use std::sync::{Arc, Mutex};

use dagstack_plugin::logging::{
    InstrumentationScope, JsonLines, LogRecord, Redaction, Severity, forward,
};
use dagstack_plugin::serde_json::{Value, json};
use dagstack_plugin::{HookContext, Logger, Metadata, PluginName, PluginScope};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The lines a layer wrote.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What is logged inside `act`, line by line, checked to be canonical, without the time.
fn logged(act: impl FnOnce()) -> Vec<Value> {
    let lines = Lines::default();
    let layer = JsonLines::new(lines.clone()).with_attribute("plugin.kind", "default");
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, act);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                dagstack_plugin::canonical_json::to_string(&value).unwrap(),
                line
            );
            assert_eq!(LogRecord::from_json(line).unwrap().to_json(), line);
            let time = value.as_object_mut().unwrap().remove("time_unix_nano");
            assert!(time.unwrap().as_u64().unwrap() > 1_700_000_000_000_000_000);
            value
        })
        .collect()
}

fn logger() -> Logger {
    let scope = PluginScope::new(PluginName::new("chunker", "fixed")).with_version(Some("1.2.0"));
    HookContext::default()
        .with_scope(Arc::new(scope))
        .with_metadata(
            Metadata::new()
                .with("tenant_id", "acme")
                .with("trace_context", json!({ "traceparent": PARENT })),
        )
        .logger()
}

/// The record that a vector's call makes.
fn of_vector(call: &Value, line: &str) -> (LogRecord, Redaction) {
    if call["record"].is_string() {
        return (LogRecord::from_json(line).unwrap(), Redaction::default());
    }
    let severity = u8::try_from(call["severity_number"].as_u64().unwrap()).unwrap();
    let mut record = LogRecord::new(Severity::new(severity).unwrap(), call["body"].clone());
    record.time_unix_nano = 1_700_000_000_123_456_789;
    record.instrumentation_scope = Some(InstrumentationScope {
        name: call["logger"].as_str().unwrap().to_owned(),
        version: call["version"].as_str().map(str::to_owned),
    });
    for attributes in ["bound_attributes", "attributes"] {
        for (key, value) in call[attributes].as_object().into_iter().flatten() {
            record.attributes.insert(key.clone(), value.clone());
        }
    }
    if let Some(error) = call["exception"].as_str() {
        let (name, message) = error.split_once(": ").unwrap();
        record = record.with_exception_parts(name, message, "");
    }
    let context = &call["context"];
    if let (Some(trace), Some(span)) = (context["trace_id"].as_str(), context["span_id"].as_str()) {
        record.trace_id = dagstack_plugin::trace::TraceId::parse(trace);
        record.span_id = dagstack_plugin::trace::SpanId::parse(span);
        record.trace_flags = u8::try_from(context["trace_flags"].as_u64().unwrap_or(0)).unwrap();
    }
    let baggage = context["baggage"].as_object().into_iter().flatten();
    record =
        record.with_baggage(baggage.filter_map(|(key, value)| Some((&**key, value.as_str()?))));
    let redaction = match &call["redaction"] {
        Value::Null => Redaction::default(),
        rules => {
            assert_eq!(rules["replace_defaults"], true);
            let suffixes = rules["extra_suffixes"].as_array().unwrap().iter();
            Redaction::only(suffixes.map(|it| it.as_str().unwrap()))
        }
    };
    (record, redaction)
}

#[test]
fn the_vectors_byte_for_byte() {
    let folder = std::env::var_os("DAGSTACK_VECTORS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        Into::into,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("log_records.jsonl")) else {
        println!("SKIPPED: no vectors at {}", folder.display());
        return;
    };
    let (mut exact, mut by_value) = (0, 0);
    for row in text.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let line = row["line"].as_str().unwrap();
        let (record, redaction) = of_vector(&row["call"], line);
        let ours = record.to_json_with(&redaction);
        if row["title"] == "body whole float keeps its point" {
            // Canonical JSON writes 100.0 as 100: compared by value.
            assert_eq!(ours.replace(":100,", ":100.0,"), line);
            by_value += 1;
        } else {
            assert_eq!(ours, line, "{}", row["title"]);
            exact += 1;
        }
    }
    println!("{exact} rows byte for byte, {by_value} by value");
    assert!(exact >= 20);
}

#[test]
fn a_logger_says_whose_record_it_is() {
    let lines = logged(|| {
        let log = logger().bind("document", 7).bind("page", 1);
        log.log(
            Severity::WARN,
            "large",
            [
                ("page", json!(2)),
                ("size", json!({ "mb": 1.50, "api_key": "x" })),
            ],
        );
    });
    assert_eq!(
        lines,
        [json!({
            "attributes": {
                "document": 7,
                "page": 2,
                "plugin.kind": "chunker",
                "plugin.name": "fixed",
                "plugin.version": "1.2.0",
                "size": { "mb": 1.5, "api_key": "***" },
                "tenant_id": "acme",
            },
            "body": "large",
            "instrumentation_scope": { "name": "dagstack.plugin.fixed", "version": "1.2.0" },
            "severity_number": 13,
            "severity_text": "WARN",
            "span_id": "b7ad6b7169203331",
            "trace_flags": 1,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        })]
    );
}

#[test]
fn six_levels_and_bodies_of_any_kind() {
    let lines = logged(|| {
        let log = Logger::default();
        log.trace("hello");
        log.debug("hello");
        log.info("hello");
        log.warn("hello");
        log.error("hello");
        log.fatal("hello");
        log.info(json!({ "b": [1, null], "a": "é\n" }));
        log.info(Value::Null);
        log.info(7);
    });
    let levels: Vec<_> = lines[..6]
        .iter()
        .map(|it| it["severity_number"].clone())
        .collect();
    assert_eq!(json!(levels), json!([1, 5, 9, 13, 17, 21]));
    assert_eq!(lines[5]["severity_text"], "FATAL");
    assert_eq!(lines[6]["body"], json!({ "b": [1, null], "a": "é\n" }));
    assert_eq!(lines[7]["body"], Value::Null);
    assert_eq!(lines[8]["body"], 7);
    assert_eq!(
        lines[8]["instrumentation_scope"],
        json!({ "name": "dagstack.plugin" })
    );
    assert_eq!(lines[8]["attributes"], json!({ "plugin.kind": "default" }));
}

#[test]
fn the_identity_of_a_plugin_cannot_be_replaced() {
    let lines = logged(|| {
        let forged = [
            ("plugin.name", "other"),
            ("tenant_id", "other"),
            ("my_token", "t"),
            ("x", "y"),
        ];
        logger()
            .bind("plugin.kind", "other")
            .log(Severity::INFO, "mine", forged);
    });
    let attributes = &lines[0]["attributes"];
    assert_eq!(attributes["plugin.name"], "fixed");
    assert_eq!(attributes["plugin.kind"], "chunker");
    assert_eq!(attributes["tenant_id"], "acme");
    assert_eq!(attributes["my_token"], "***");
    assert_eq!(attributes["x"], "y");
}

#[test]
fn an_error_with_its_sources() {
    let lines = logged(|| {
        let error = dagstack_plugin::HookError::new("no_luck", "it failed")
            .with_source(io::Error::other("the disk is full"));
        logger().exception(&error);
    });
    assert_eq!(lines[0]["body"], "it failed");
    let attributes = &lines[0]["attributes"];
    let name = std::any::type_name::<dagstack_plugin::HookError>();
    assert_eq!(attributes["exception.type"], name);
    assert_eq!(attributes["exception.message"], "it failed");
    assert_eq!(
        attributes["exception.stacktrace"],
        format!("{name}: it failed\ncaused by: the disk is full\n")
    );
}

#[test]
fn ordinary_events_and_their_spans() {
    let lines = logged(|| {
        let outer = tracing::info_span!(
            "request",
            trace_id = "0af7651916cd43dd8448eb211c80319c",
            n = 1,
            late = tracing::field::Empty
        );
        let _outer = outer.enter();
        outer.record("late", true);
        let _inner = tracing::info_span!("step", n = 2, db_password = "hunter2").entered();
        tracing::debug!(target: "my::target", f = f64::NAN, g = 1e21, big = u128::MAX, why = ?Some("\"q\""), "half {}", 1);
        tracing::error!(
            error = &io::Error::other("gone") as &(dyn std::error::Error + 'static),
            n = 3
        );
    });
    assert_eq!(
        lines[0],
        json!({
            "attributes": {
                "big": u128::MAX.to_string(),
                "db_password": "***",
                "f": "NaN",
                "g": 1e21,
                "late": true,
                "n": 2,
                "plugin.kind": "default",
                "span.name": "step",
                "why": "Some(\"\\\"q\\\"\")",
            },
            "body": "half 1",
            "instrumentation_scope": { "name": "my::target" },
            "severity_number": 5,
            "severity_text": "DEBUG",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        })
    );
    assert_eq!(lines[1]["attributes"]["error"], "gone");
    assert_eq!(lines[1]["attributes"]["n"], 3);
    assert_eq!(lines[1]["body"], Value::Null);
}

#[test]
fn a_value_whose_debug_logs_or_fails() {
    struct Logs;
    impl std::fmt::Debug for Logs {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            tracing::info!("from inside");
            f.write_str("logs\u{1}\u{8}\u{c}\"\\\t\r\né")
        }
    }
    struct Fails;
    impl std::fmt::Debug for Fails {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    let lines = logged(|| tracing::info!(logs = ?Logs, fails = ?Fails, "outside"));
    let outside = lines.iter().find(|it| it["body"] == "outside").unwrap();
    assert_eq!(
        outside["attributes"]["logs"],
        "logs\u{1}\u{8}\u{c}\"\\\t\r\né"
    );
    assert_eq!(outside["attributes"]["fails"], Value::Null);
}

#[test]
fn a_record_that_is_passed_on_is_the_same() {
    let first = Lines::default();
    let layer = JsonLines::new(first.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        logger().log(Severity::FATAL, json!(["body"]), [("a", json!({ "b": 1 }))]);
        tracing::info!(target: "some::library", n = 1, "plain");
    });
    let text = String::from_utf8(first.0.lock().unwrap().clone()).unwrap();
    let records: Vec<_> = text
        .lines()
        .map(|line| LogRecord::from_json(line).unwrap())
        .collect();
    let lines = Lines::default();
    // Without `plugin.kind` of the layer's own.
    let layer = JsonLines::new(lines.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        records.iter().for_each(forward);
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 2);
    for (line, record) in text.lines().zip(records) {
        let mut again = LogRecord::from_json(line).unwrap();
        assert!(again.observed_time_unix_nano.take().unwrap() >= record.time_unix_nano);
        assert_eq!(again, record);
    }
}

#[test]
fn an_event_is_read_as_the_record_it_was() {
    struct Keep(Arc<Mutex<Vec<LogRecord>>>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Keep {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            self.0.lock().unwrap().push(LogRecord::from_event(event));
        }
    }
    let kept = Arc::<Mutex<Vec<_>>>::default();
    let subscriber = tracing_subscriber::registry().with(Keep(Arc::clone(&kept)));
    tracing::subscriber::with_default(subscriber, || {
        logger().log(
            Severity::FATAL,
            json!({ "x": 1 }),
            [("deep", json!({ "a_key": 1 }))],
        );
        tracing::warn!(target: "elsewhere", n = 5, "plain");
    });
    let records = kept.lock().unwrap();
    let record = &records[0];
    assert_eq!(record.severity, Severity::FATAL);
    assert_eq!(record.body, json!({ "x": 1 }));
    assert_eq!(
        Value::Object(record.attributes.clone()),
        json!({
            "deep": { "a_key": "***" },
            "plugin.kind": "chunker",
            "plugin.name": "fixed",
            "plugin.version": "1.2.0",
            "tenant_id": "acme",
        })
    );
    assert_eq!(
        record.trace_id.unwrap().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(
        record.instrumentation_scope.as_ref().unwrap().name,
        "dagstack.plugin.fixed"
    );
    assert_eq!(records[1].body, "plain");
    assert_eq!(
        records[1].instrumentation_scope.as_ref().unwrap().name,
        "elsewhere"
    );
}

#[test]
fn a_malformed_trace_context_never_enters_a_call() {
    let lines = logged(|| {
        let metadata = Metadata::new().with(
            "trace_context",
            json!({ "traceparent": "00-my_token=abc", "vendor": 1 }),
        );
        let ctx = HookContext::default().with_metadata(metadata);
        assert!(ctx.trace_context().is_none());
        assert_eq!(
            ctx.metadata().get("trace_context"),
            Some(&json!({ "vendor": 1 }))
        );
        ctx.logger().info("still logs");
    });
    assert_eq!(lines[0]["severity_number"], 13);
    assert!(
        lines[0]["body"]
            .as_str()
            .unwrap()
            .starts_with("dropped `traceparent`")
    );
    assert!(!lines[0].to_string().contains("abc"));
    assert_eq!(lines[1]["body"], "still logs");
    assert_eq!(lines[1].get("trace_id"), None);
}

/// Behaviour 11: a host could not read a record that nests deeper than what it reads.
#[test]
fn b11_attributes_that_nest_too_deep_are_left_out() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    let records = logged(|| {
        let log = logger().bind("bound", nested(500));
        log.log(Severity::INFO, nested(121), [("own", nested(500))]);
        log.log(Severity::INFO, nested(120), [("own", nested(120))]);
    });
    let out = "left out: it nests deeper than 120 levels";
    assert_eq!(records[0]["body"], out);
    assert_eq!(records[0]["attributes"]["own"], out);
    assert_eq!(records[0]["attributes"]["bound"], out);
    assert_eq!(records[1]["body"], nested(120));
    assert_eq!(records[1]["attributes"]["own"], nested(120));
}
