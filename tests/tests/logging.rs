//! What a call says of itself is in every record it logs, wherever the plugin runs and wherever the
//! log goes.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dagstack_plugin::logging::{JsonLines, LogRecord};
use dagstack_plugin::tenancy::{READ, TenantAccessDenied, TenantContext};
use dagstack_plugin::{EventBus, Metadata, ProgressReport, progress};
use dagstack_runtime::{HookContext, PluginHandle, Registry, StdioCommand, code};
use dagstack_tests::built;
use serde_json::{Value, json};
use tenant_notes::TenantNotes;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

const ROUNDS: usize = 1000;

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

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A collector: takes logs over OTLP/HTTP as JSON and keeps them.
struct Collector {
    address: String,
    records: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let records = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&records);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || while take_export(&stream, &kept).is_some() {});
            }
        });
        Self { address, records }
    }
}

/// One request; `None` once the client is gone.
fn take_export(stream: &TcpStream, kept: &Mutex<Vec<Value>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|&count| count > 0)?;
    assert!(line.starts_with("POST /v1/logs "), "{line}");
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim().to_ascii_lowercase();
        match header.split_once(':') {
            None => break,
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(("content-type", value)) => assert_eq!(value.trim(), "application/json"),
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let export: Value = serde_json::from_slice(&body).unwrap();
    let mut kept = kept.lock().unwrap();
    for resource in export["resourceLogs"].as_array().unwrap() {
        for scope in resource["scopeLogs"].as_array().unwrap() {
            kept.extend(scope["logRecords"].as_array().unwrap().iter().cloned());
        }
    }
    drop(kept);
    let mut stream = stream;
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(answer.as_bytes()).ok()
}

/// The call that note `number` of `tenant` is added by.
struct TheCall {
    note: String,
    tenant: &'static str,
    trace_id: String,
    span_id: String,
}

fn the_call(place: &str, tenant: &'static str, number: usize) -> TheCall {
    let note = format!("{place}-{tenant}-{number}");
    let mark = note.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(1_000_003).wrapping_add(byte.into())
    });
    TheCall {
        trace_id: format!("{:032x}", u128::from(mark) << 32 | 1),
        span_id: format!("{:016x}", mark | 1),
        note,
        tenant,
    }
}

impl TheCall {
    fn ctx(&self) -> HookContext {
        let parent = format!("00-{}-{}-01", self.trace_id, self.span_id);
        let metadata = Metadata::new()
            .with("tenant_id", self.tenant)
            .with("trace_context", json!({ "traceparent": parent }));
        HookContext::default().with_metadata(metadata)
    }

    async fn make(&self, plugin: &PluginHandle) {
        plugin
            .call("add", &self.ctx(), json!({ "text": self.note }))
            .await
            .unwrap();
    }
}

async fn in_process(builder: dagstack_runtime::RegistryBuilder) -> (Registry, PluginHandle) {
    ready(builder.plugin::<TenantNotes>()).await
}

async fn over_stdio() -> (Registry, PluginHandle) {
    let command = StdioCommand::new([built("tenant-notes").to_str().unwrap()]);
    ready(Registry::builder().executable("tool", "tenant-notes", command)).await
}

async fn ready(builder: dagstack_runtime::RegistryBuilder) -> (Registry, PluginHandle) {
    let registry = builder.build().unwrap();
    let report = registry.setup_all().await;
    let plugin = registry
        .plugin("tool", "tenant-notes")
        .unwrap_or_else(|error| panic!("{error}\n{report}"));
    (registry, plugin)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_is_its_own_calls() {
    // Features of the whole workspace give reqwest TLS without a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let collector = Collector::start();
    let (otlp, provider) = otlp_host::otlp(&collector.address).unwrap();
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_subscriber::filter::LevelFilter::INFO)
        .with(JsonLines::new(lines.clone()))
        .with(otlp);
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let (linked, in_process) = in_process(Registry::builder()).await;
    let (children, over_stdio) = over_stdio().await;
    let mut calls = HashMap::new();
    for number in 0..ROUNDS {
        let round = [
            (&in_process, the_call("in", "acme", number)),
            (&over_stdio, the_call("out", "globex", number)),
            (&in_process, the_call("in", "globex", number)),
            (&over_stdio, the_call("out", "acme", number)),
        ];
        let [a, b, c, d] = round.each_ref().map(|(plugin, call)| call.make(plugin));
        tokio::join!(a, b, c, d);
        calls.extend(round.into_iter().map(|(_, call)| (call.note.clone(), call)));
        // What a child writes faster than it is read is dropped, by design.
        if number % 100 == 99 {
            let began = Instant::now();
            while lines.text().matches("note added").count() < calls.len() {
                assert!(
                    began.elapsed() < Duration::from_secs(60),
                    "records are missing"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    children.teardown_all().await.unwrap();
    linked.teardown_all().await.unwrap();
    tokio::task::spawn_blocking(move || provider.shutdown())
        .await
        .unwrap()
        .unwrap();

    // The lines, whoever wrote them first.
    let mut seen = 0;
    for line in lines.text().lines() {
        let record = LogRecord::from_json(line).unwrap_or_else(|| panic!("no record: {line}"));
        assert_eq!(record.to_json(), line);
        if record.body != "note added" {
            continue;
        }
        seen += 1;
        let attributes = &record.attributes;
        let call = &calls[attributes["note"].as_str().unwrap()];
        assert_eq!(
            record.trace_id.unwrap().to_string(),
            call.trace_id,
            "{line}"
        );
        assert_eq!(record.span_id.unwrap().to_string(), call.span_id, "{line}");
        assert_eq!(record.trace_flags, 1);
        assert_eq!(attributes["tenant_id"], call.tenant);
        assert_eq!(attributes["plugin.kind"], "tool");
        assert_eq!(attributes["plugin.name"], "tenant-notes");
        assert_eq!(attributes["plugin.version"], env!("CARGO_PKG_VERSION"));
        assert!(!attributes.contains_key("plugin"), "{line}");
        assert_eq!(
            record.instrumentation_scope.unwrap().name,
            "dagstack.plugin.tenant-notes"
        );
    }
    assert_eq!(seen, 4 * ROUNDS);

    // The collector.
    let records = collector.records.lock().unwrap();
    let text = |value: &Value| value["stringValue"].as_str().unwrap_or_default().to_owned();
    let mut exported = 0;
    for record in records
        .iter()
        .filter(|it| text(&it["body"]) == "note added")
    {
        exported += 1;
        let attributes: HashMap<&str, String> = record["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["key"].as_str().unwrap(), text(&it["value"])))
            .collect();
        let call = &calls[&attributes["note"]];
        assert_eq!(record["traceId"], call.trace_id);
        assert_eq!(record["spanId"], call.span_id);
        assert_eq!(record["severityNumber"], 9);
        assert_eq!(attributes["tenant_id"], call.tenant);
        assert_eq!(attributes["plugin.name"], "tenant-notes");
        assert_eq!(attributes["plugin.kind"], "tool");
        assert_eq!(attributes["plugin.version"], env!("CARGO_PKG_VERSION"));
    }
    assert_eq!(exported, 4 * ROUNDS);
}

/// Lets a tenant reach what is named after it.
struct Own(Option<String>);

impl TenantContext for Own {
    fn tenant_id(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn check_access(&self, kind: &str, id: &str, action: &str) -> Result<(), TenantAccessDenied> {
        match self.tenant_id() {
            Some("guest") if action != READ => Err(self.denied(kind, id, action)),
            Some(own) if own == id => Ok(()),
            _ => Err(self.denied(kind, id, action)),
        }
    }
}

fn own(metadata: &Metadata) -> Arc<dyn TenantContext> {
    let id = metadata.get("tenant_id").and_then(Value::as_str);
    Arc::new(Own(id.map(str::to_owned)))
}

fn of_tenant(id: &str) -> HookContext {
    HookContext::default().with_metadata(Metadata::new().with("tenant_id", id))
}

#[tokio::test]
async fn a_tenant_is_refused_by_name() {
    let (_registry, plugin) = in_process(Registry::builder().tenancy(own)).await;
    let add = json!({ "text": "hello" });
    assert_eq!(
        plugin.call("add", &of_tenant("acme"), add.clone()).await,
        Ok(json!(1))
    );
    assert_eq!(
        plugin.call("list", &of_tenant("guest"), json!({})).await,
        Ok(json!([]))
    );
    let error = plugin
        .call("add", &of_tenant("guest"), add.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::TENANT_ACCESS_DENIED);
    assert_eq!(
        TenantAccessDenied::from_hook_error(&error),
        Some(TenantAccessDenied {
            tenant_id: Some("guest".to_owned()),
            resource_kind: "notes".to_owned(),
            resource_id: "guest".to_owned(),
            action: "write".to_owned(),
        })
    );
    let error = plugin
        .call("add", &HookContext::default(), add)
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::TENANT_ACCESS_DENIED);
    assert_eq!(
        error.message(),
        "a call without a tenant may not write notes ``"
    );
}

#[tokio::test]
async fn a_process_of_its_own_knows_the_tenant() {
    let (registry, plugin) = over_stdio().await;
    for tenant in ["acme", "globex", "acme"] {
        plugin
            .call("add", &of_tenant(tenant), json!({ "text": tenant }))
            .await
            .unwrap();
    }
    // A plugin's own refusal is the same error in every runtime.
    let (_linked, in_process) = in_process(Registry::builder()).await;
    let mut errors = Vec::new();
    for plugin in [&plugin, &in_process] {
        let nobody = plugin
            .call("list", &HookContext::default(), json!({}))
            .await;
        errors.push(nobody.unwrap_err());
    }
    assert_eq!(errors[0], errors[1]);
    assert_eq!(
        TenantAccessDenied::from_hook_error(&errors[0]),
        Some(TenantAccessDenied {
            tenant_id: None,
            resource_kind: "notes".to_owned(),
            resource_id: String::new(),
            action: READ.to_owned(),
        })
    );
    let notes = plugin.call("list", &of_tenant("acme"), json!({})).await;
    assert_eq!(notes, Ok(json!(["acme", "acme"])));
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn progress_is_heard_from_both() {
    let bus = EventBus::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let _subscription = bus.subscribe("notes.imported", move |event| {
        kept.lock().unwrap().push(event.payload.clone());
    });
    let (_linked, in_process) = in_process(Registry::builder().event_bus(bus)).await;
    let (children, over_stdio) = over_stdio().await;
    let mut all = Vec::new();
    for plugin in [&in_process, &over_stdio] {
        let (sink, reports) = progress::queue(64);
        let ctx = of_tenant("acme").with_progress(Arc::new(sink));
        let texts = json!({ "texts": ["a", "b", "c", "d"] });
        assert_eq!(
            plugin.call("import", &ctx, texts.clone()).await,
            Ok(json!(4))
        );
        // Nobody listens to this one, and nothing is sent.
        plugin.call("import", &of_tenant("x"), texts).await.unwrap();
        all.push(reports.try_iter().collect::<Vec<_>>());
    }
    children.teardown_all().await.unwrap();
    assert_eq!(all[0], all[1], "in process and over stdio");
    assert_eq!(all[0].len(), 5);
    assert!(
        matches!(&all[0][0], ProgressReport::Event { event_type, payload, .. }
            if event_type == "import.started" && *payload == json!({ "notes": 4 }))
    );
    assert!(
        matches!(&all[0][4], ProgressReport::Update { percent, message, payload, .. }
            if *percent == 100.0 && message == "note 4" && *payload == Some(json!({ "done": 4 })))
    );
    // In process only.
    let imported = |tenant| json!({ "tenant": tenant, "notes": 4 });
    assert_eq!(*heard.lock().unwrap(), [imported("acme"), imported("x")]);
}
