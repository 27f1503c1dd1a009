//! What a test of a plugin gives and sees is the same for the linked plugin and for its executable.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chunker_kind::Chunker;
use dagstack_plugin::logging::{HIDDEN, LogRecord};
use dagstack_plugin::progress::{self, ProgressReport};
use dagstack_plugin::resources::{BlobStore, Clock, HttpClient, HttpResponse, Rng, TempDir};
use dagstack_plugin::resources::{ResourceSet, TenantRegistry};
use dagstack_plugin::testing::{
    self, FrozenClock, HttpDouble, MemoryBlobs, MemoryTenants, ScratchDir, SeededRng, TestPlugin,
};
use dagstack_plugin::{CancelToken, Health, HookContext, HookError, Metadata, Released, Severity};
use dagstack_tests::built;
use dagstack_tests::observed::Observed;
use serde_json::{Value, json};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const PHRASE: &str = "open sesame, please";

fn bare() -> [TestPlugin; 2] {
    [
        testing::in_process::<Observed>(),
        testing::executable(env!("CARGO_BIN_EXE_observed")),
    ]
}

fn both(limit: u8) -> [TestPlugin; 2] {
    let config = json!({ "limit": limit, "phrase": PHRASE });
    bare().map(|plugin| plugin.config(config.clone()))
}

/// What both say.
fn agreed<T: PartialEq + std::fmt::Debug>(
    plugins: &[TestPlugin; 2],
    ask: impl Fn(&TestPlugin) -> T,
) -> T {
    let [linked, executable] = plugins.each_ref().map(ask);
    assert_eq!(linked, executable);
    linked
}

fn traced() -> Metadata {
    Metadata::new()
        .with("tenant_id", "acme")
        .with(
            "trace_context",
            json!({ "traceparent": PARENT, "tracestate": "a=b", "own": [1] }),
        )
        .with("request_id", json!({ "n": 7, "ünï": null }))
}

#[test]
fn metadata_arrive_as_they_are() {
    let ctx = HookContext::new().with_metadata(traced());
    let seen = agreed(&both(2), |plugin| plugin.call_with("see", &ctx, json!({})));
    let expected: serde_json::Map<String, Value> = (&traced()).into();
    assert_eq!(
        seen,
        Ok(json!({
            "metadata": expected,
            "tenant": "acme",
            "traceparent": PARENT,
            "minutes_left": null,
        }))
    );
    let nothing = agreed(&both(2), |plugin| plugin.call("see", json!({}))).unwrap();
    assert_eq!(nothing["metadata"], json!({}));
}

#[test]
fn a_deadline_is_seen_and_passes() {
    let plugins = both(2);
    let seen = agreed(&plugins, |plugin| {
        let ctx = HookContext::new().with_timeout(Duration::from_secs(3600));
        plugin.call_with("see", &ctx, json!({}))
    });
    assert_eq!(seen.unwrap()["minutes_left"], 60);
    for plugin in plugins {
        let ctx = HookContext::new().with_timeout(Duration::from_millis(30));
        let late = plugin.call_with("wait", &ctx, json!({})).unwrap_err();
        assert_eq!(late.code(), "deadline_exceeded");
        plugin.call("heard", json!({})).expect("the hook is over");
    }
}

#[test]
fn a_cancellation_is_heard() {
    for hook in ["wait", "compute"] {
        for plugin in both(2) {
            let token = CancelToken::new();
            let (tell, told) = channel();
            let ctx = HookContext::new()
                .with_cancellation(token.clone())
                .with_progress(Arc::new(move |_| tell.send(()).unwrap()));
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    told.recv().expect("the hook is at work");
                    token.cancel();
                });
                let cancelled = plugin.call_with(hook, &ctx, json!({})).unwrap_err();
                assert_eq!(cancelled.code(), "cancelled");
            });
            plugin.call("heard", json!({})).expect("the hook is over");
            // One who has given up before.
            let cancelled = plugin.call_with(hook, &ctx, json!({})).unwrap_err();
            assert_eq!(cancelled.code(), "cancelled");
        }
    }
}

#[test]
fn progress_is_in_order_and_all_there() {
    let reports = agreed(&both(2), |plugin| {
        let (sink, reports) = progress::queue(1000);
        let ctx = HookContext::new().with_progress(Arc::new(sink));
        let args = json!({ "steps": 500 });
        plugin.call_with("report", &ctx, args).unwrap();
        reports.try_iter().collect::<Vec<_>>()
    });
    assert_eq!(reports.len(), 502);
    let began = ProgressReport::Event {
        event_type: "began".to_owned(),
        payload: json!({ "steps": 500 }),
    };
    assert_eq!(reports[0], began);
    for (step, report) in reports[1..=500].iter().enumerate() {
        let ProgressReport::Update { payload, .. } = report else {
            panic!("{report:?}");
        };
        assert_eq!(payload, &Some(json!({ "step": step + 1 })));
    }
}

/// Records without their times.
fn timeless(plugin: &TestPlugin) -> Vec<LogRecord> {
    let mut records = plugin.logs();
    for record in &mut records {
        assert!(record.time_unix_nano > 0);
        record.time_unix_nano = 0;
    }
    records
}

#[test]
fn log_records_are_the_same() {
    let plugins = both(2);
    let ctx = HookContext::new().with_metadata(traced());
    let records = agreed(&plugins, |plugin| {
        plugin.call_with("log", &ctx, json!({})).unwrap();
        plugin.teardown().unwrap();
        timeless(plugin)
    });
    let bodies: Vec<_> = records.iter().map(|record| &record.body).collect();
    let expected = json!([
        "set up",
        "TRACE",
        "DEBUG",
        "INFO",
        "WARN",
        "ERROR",
        "FATAL",
        { "a": "body" },
        "no disk",
        "by tracing",
        "in a task",
        "by tracing in a task",
        "in a thread",
        "torn down",
    ]);
    assert_eq!(json!(bodies), expected);

    let fatal = &records[6];
    assert_eq!(fatal.severity, Severity::FATAL);
    assert_eq!(fatal.trace_id.unwrap().to_string(), &PARENT[3..35]);
    let attributes = json!({
        "call": 7,
        "deep": { "api_key": HIDDEN, "n": [1, 2.5] },
        "plugin.kind": "tool",
        "plugin.name": "observed",
        "plugin.version": env!("CARGO_PKG_VERSION"),
        "tenant_id": "acme",
    });
    assert_eq!(Value::Object(fatal.attributes.clone()), attributes);
    let by_tracing = &records[9].attributes;
    assert_eq!(by_tracing["rows"], 2);
    assert_eq!(by_tracing["page"], 3);
    assert_eq!(by_tracing["span.name"], "outer");
    assert_eq!(records[0].attributes["limit"], 2);
}

/// A test must not depend on what others of its process do.
#[test]
fn plugins_at_the_same_time_have_their_own_records() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let [linked, _] = both(2);
                for round in 1..=20 {
                    linked.call("log", json!({})).unwrap();
                    assert_eq!(linked.logs().len(), 1 + 12 * round);
                }
            });
        }
    });
}

#[test]
fn what_a_setup_logs_before_it_fails_is_there() {
    for plugin in both(100) {
        let error = plugin.setup().unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            ("setup_failed", "too much")
        );
        let logs = plugin.logs();
        assert_eq!(logs.len(), 1, "{logs:?}");
        assert_eq!(logs[0].body, "set up");
    }
}

#[test]
fn secrets_are_masked_as_in_production() {
    let plugins = both(10);
    let error = agreed(&plugins, |plugin| plugin.call("tell", json!({}))).unwrap_err();
    assert_eq!(error.message(), "no use for [MASKED]");
    let logs = agreed(&plugins, timeless);
    assert_eq!(logs[1].attributes["phrase_token"], HIDDEN);
    let health = agreed(&plugins, |plugin| plugin.health());
    assert_eq!(health, Ok(Health::degraded("ten, says [MASKED]")));
}

#[test]
fn a_change_of_the_config_is_heard_or_refused() {
    let plugins = both(2);
    let change = |config: Value| agreed(&plugins, |plugin| plugin.change_config(config.clone()));
    let limit = || agreed(&plugins, |plugin| plugin.call("limit", json!({}))).unwrap();
    for changed in [4, 6, 6, 8] {
        assert_eq!(change(json!({ "limit": changed })), Ok(()));
        assert_eq!(limit(), changed);
    }
    let refused = |config: Value| {
        let error: HookError = change(config).unwrap_err();
        assert_eq!(error.code(), "config_invalid");
        assert_eq!(limit(), 8);
        error.message().to_owned()
    };
    // By the schema, and by the type alone.
    assert!(refused(json!({ "limit": 102 })).contains("tool.observed.limit"));
    assert!(refused(json!({ "limit": 5 })).contains("5 is odd"));
    assert!(refused(json!({ "limit": 2, "more": 1 })).contains("tool.observed.more"));
    refused(json!([]));
    let secret = json!({ "limit": 5, "phrase": "another long phrase" });
    assert!(!refused(secret).contains("another long phrase"));

    let heard = agreed(&plugins, |plugin| {
        let bodies = plugin.logs().into_iter().map(|record| record.body);
        bodies
            .filter(|it| it.as_str().is_some_and(|it| it.starts_with("from")))
            .collect::<Vec<_>>()
    });
    assert_eq!(heard, ["from 2 to 4", "from 4 to 6", "from 6 to 8"]);

    assert_eq!(
        agreed(&plugins, timeless).len(),
        4 + 2,
        "what only the type refuses is logged"
    );

    // A new instance has the config that is current.
    agreed(&plugins, |plugin| plugin.teardown()).unwrap();
    assert_eq!(limit(), 8);
}

#[test]
fn a_teardown_says_how_it_went() {
    let torn_down = |limit| {
        agreed(&both(limit), |plugin| {
            plugin.setup().unwrap();
            plugin.teardown()
        })
    };
    assert_eq!(torn_down(2), Ok(Released::All));
    assert_eq!(torn_down(20), Ok(Released::RequiresRestart));
    let failed = torn_down(30).unwrap_err();
    assert_eq!(
        (failed.code(), failed.message()),
        ("teardown_failed", "it sticks")
    );
    assert_eq!(torn_down(40).unwrap_err().code(), "panicked");
    let never_set_up = agreed(&both(2), |plugin| plugin.teardown());
    assert_eq!(never_set_up, Ok(Released::All));
}

#[test]
fn each_double_is_used_and_asked() {
    for plugin in both(2) {
        let answer = HttpResponse::new(200, "hello");
        let http = Arc::new(HttpDouble::new().on("GET", "https://example.org/a", answer));
        let blobs = Arc::new(MemoryBlobs::new().with("seed", "sown"));
        let tenants = Arc::new(MemoryTenants::new().with("acme", "calls", 5));
        let scratch = Arc::new(ScratchDir::new().unwrap());
        let folder = scratch.path().to_owned();
        let plugin = plugin
            .resource::<dyn HttpClient>("http_client", http.clone())
            .resource::<dyn BlobStore>("blob_store", blobs.clone())
            .resource::<dyn TenantRegistry>("tenant_registry", tenants.clone())
            .resource::<dyn TempDir>("tmpdir", scratch)
            .resource::<dyn Clock>("clock", Arc::new(FrozenClock::at_unix_nanos(3)))
            .resource::<dyn Rng>("rng", Arc::new(SeededRng::new(9)));
        let used = plugin.call("use_resources", json!({})).unwrap();
        assert_eq!(used["text"], json!({ "Ok": "hello" }));
        assert_eq!(used["before"], json!({ "Ok": "c293bg==" }));
        assert_eq!(used["sum"], json!({ "Ok": 7 }));
        assert_eq!(used["time"], 3);
        assert_eq!(used["random"], SeededRng::new(9).next_u64());
        assert_eq!(
            http.requests()[0].headers,
            [("x-a".to_owned(), "b".to_owned())]
        );
        assert_eq!(blobs.contents()["grown"], "tall".into());
        assert_eq!(tenants.contents()["acme"]["calls"], 7);
        assert_eq!(
            std::fs::read_to_string(folder.join("note")).unwrap(),
            "kept"
        );
        drop(plugin);
        assert!(!folder.exists());
    }
}

#[test]
fn resources_that_do_not_fit_the_plugin_are_told() {
    let stray = agreed(&both(2), |plugin| {
        plugin.setup().map(|()| Vec::<Value>::new())
    });
    assert_eq!(stray, Ok(Vec::new()));
    for plugin in both(2) {
        let http: Arc<dyn HttpClient> = Arc::new(HttpDouble::new());
        let error = plugin.resource("http_clint", http).setup().unwrap_err();
        assert_eq!(error.code(), "undeclared_resource");
        assert_eq!(
            error.message(),
            "the test gives the resource `http_clint`, which `tool.observed` does not declare (did you mean `http_client`?); it declares blob_store, clock, http_client, rng, tenant_registry, tmpdir"
        );
    }
    let notes = [
        testing::in_process::<blob_notes::Notes>(),
        testing::executable(built("blob-notes")),
    ]
    .map(|plugin| plugin.resources(ResourceSet::new()));
    let missing = agreed(&notes, |plugin| plugin.setup()).unwrap_err();
    assert_eq!(missing.code(), "resource_missing");
    assert!(
        missing
            .message()
            .contains("the test gives it by `.resource::<dyn"),
        "{missing}"
    );
}

#[test]
fn mistakes_of_a_test_are_told() {
    let plugins = both(2);
    let misspelt = agreed(&plugins, |plugin| plugin.call("limt", json!({}))).unwrap_err();
    assert!(
        misspelt.message().contains("did you mean `limit`"),
        "{misspelt}"
    );

    let with = |config: Value| {
        let plugins = bare().map(|plugin| plugin.config(config.clone()));
        agreed(&plugins, |plugin| plugin.setup()).unwrap_err()
    };
    assert_eq!(
        with(json!({})).message(),
        "invalid config for `tool.observed`\n  `tool.observed.limit`: missing; expected an integer from 0 to 100"
    );
    assert_eq!(
        with(json!("limit")).message(),
        "invalid config for `tool.observed`\n  `tool.observed`: the section is not an object: found [MASKED] (text); expected an object"
    );

    let start = |path: &str| testing::executable(path).setup().unwrap_err();
    let unbuilt = start("target/debug/no-such-plugin");
    assert_eq!(unbuilt.code(), "transport");
    for part in [
        "there is no file `target/debug/no-such-plugin`",
        "env!(\"CARGO_BIN_EXE_no-such-plugin\")",
        "cargo build --bin no-such-plugin",
    ] {
        assert!(unbuilt.message().contains(part), "{unbuilt}");
    }
    let scratch = ScratchDir::new().unwrap();
    for (name, mode) in [("ends", 0o755), ("is-no-program", 0o644)] {
        let path = scratch.path().join(name);
        std::fs::write(&path, "#!/bin/sh\nexit 3\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let path = path.to_str().unwrap();
        let error = start(path);
        assert_eq!(error.code(), "transport", "{error}");
        let named = error.message().starts_with(&format!("`{path}`: "));
        assert!(named, "{error}");
    }
}

#[test]
fn a_plugin_of_a_kind_is_called_by_its_trait() {
    let plugins = [
        testing::in_process::<fixed_chunker::FixedChunker>(),
        testing::executable(built("fixed-chunker")),
    ];
    let ctx = HookContext::default();
    let pieces = agreed(&plugins, |plugin| {
        let chunker = plugin.get::<dyn Chunker>().unwrap();
        let text = "one two".to_owned();
        let pieces = testing::block_on(chunker.chunk(&ctx, text, Some(4))).unwrap();
        pieces.into_iter().map(|it| it.text).collect::<Vec<_>>()
    });
    assert_eq!(pieces, ["one ", "two"]);
    let late = agreed(&plugins, |plugin| {
        let chunker = plugin.get::<dyn Chunker>().unwrap();
        plugin.teardown().unwrap();
        let called = testing::block_on(chunker.chunk(&ctx, String::new(), None));
        called.map(drop).unwrap_err().code().to_owned()
    });
    assert_eq!(late, "unavailable");
    let other = agreed(&both(2), |plugin| plugin.get::<dyn Chunker>().map(drop)).unwrap_err();
    assert_eq!(
        other.message(),
        "`tool.observed` is of the kind `tool`, not `chunker`"
    );
}
