//! Plugins that are middleware, linked and in other processes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/logged.rs"]
mod logged;
#[path = "common/server.rs"]
mod server;
#[path = "common/workers.rs"]
mod workers;

use std::sync::{Mutex, OnceLock};

use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::declaration::{ChainWrapDecl, Hook};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Declaration, Health, Output, Plugin, PluginError, Released, SetupContext,
};
use dagstack_runtime::{HookContext, HookError, MemoryConfig, Metadata, code};
use logged::{Log, Logged, builder, ready, take, text};
use serde_json::{Map, Value, json};
use workers::{HIGH, Hand, MID, Worker};

#[test]
fn fake_server() {
    server::serve_if_asked();
}

const fn hook(name: &'static str, mcp_exposed: bool) -> Hook {
    Hook {
        name,
        description: None,
        execution_model: ExecutionModel::Sync,
        mcp_exposed,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| Schema::new(),
        output_schema: Schema::new,
        schemas: OnceLock::new(),
    }
}

static BOTH: [Hook; 2] = [hook("before", true), hook("after", true)];
static ONLY_AFTER: [Hook; 1] = [hook("after", true)];
static NEITHER: [Hook; 1] = [hook("other", true)];
static HIDDEN: [Hook; 2] = [hook("before", true), hook("after", false)];

fn anything() -> Schema {
    Schema::from_iter([("type".to_owned(), json!("object"))])
}

const fn gate(name: &'static str, priority: u32, hooks: &'static [Hook]) -> Declaration {
    Declaration {
        priority,
        chain_wrap: Some(ChainWrapDecl {
            kinds: &["*"],
            hooks: &["*"],
        }),
        ..Declaration::new("gate", name, name, hooks, anything)
    }
}

const OUTER: usize = 0;
const INNER: usize = 1;
const AFTER: usize = 2;
const CHEAP: usize = 3;
const IDLE: usize = 4;
const NARROW: usize = 5;
const HIDING: usize = 6;

static GATES: [Declaration; 7] = [
    gate("outer", 3000, &BOTH),
    gate("inner", 2000, &BOTH),
    gate("after", 1000, &ONLY_AFTER),
    gate("cheap", 999, &BOTH),
    gate("idle", 1000, &NEITHER),
    Declaration {
        chain_wrap: Some(ChainWrapDecl {
            kinds: &["worker", "loose"],
            hooks: &["every"],
        }),
        ..gate("narrow", 1000, &BOTH)
    },
    gate("hiding", 1000, &HIDDEN),
];

/// Middleware number `N` of the table above. What it does stands in the text of the call.
struct Gate<const N: usize>;

static SEEN: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// What gates were told of calls with this text.
fn seen(given: &str) -> Vec<Value> {
    let seen = SEEN.lock().unwrap();
    let about = |told: &&Value| told["args"]["text"].as_str() == Some(given);
    seen.iter().filter(about).cloned().collect()
}

impl<const N: usize> Plugin for Gate<N> {
    fn declaration() -> &'static Declaration {
        &GATES[N]
    }
    fn setup(context: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async move {
            let context = context.decode::<Map<String, Value>>(Self::declaration())?;
            match context.config().get("setup") {
                Some(_) => Err(PluginError::new("by request")),
                None => Ok(Self),
            }
        })
    }
    fn call<'a>(
        &'a self,
        place: usize,
        _: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a> {
        let given = arguments.value();
        Ok(Box::pin(async move {
            let name = GATES[N].name;
            let hook = GATES[N].hooks[place].name;
            let told = given;
            let given = told["args"]["text"].as_str().unwrap_or_default().to_owned();
            let asks = |what: &str| given.contains(&format!("{name}:{what}"));
            let answer = if hook == "before" {
                match () {
                    () if asks("deny") => return Err(HookError::new("gate_closed", "not today")),
                    () if asks("args") => json!({ "args": text("changed") }),
                    () if asks("odd") => json!({ "refuse": true }),
                    () => json!({ "metadata": { name: "was here" } }),
                }
            } else {
                match () {
                    () if asks("late") => return Err(HookError::new("too_late", "not like this")),
                    () if asks("result") => json!({ "result": "replaced" }),
                    () => Value::Null,
                }
            };
            let mut told = told;
            told["by"] = json!(format!("{name} {hook}"));
            SEEN.lock().unwrap().push(told);
            Ok(Output::Value(answer))
        }))
    }
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::Healthy })
    }
    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async { Ok(Released::All) })
    }
}

#[tokio::test]
async fn plugins_stand_around_calls_in_the_order_of_their_priorities() {
    let log = Log::default();
    let registry = ready(
        builder()
            .middleware(Logged::new("host", 2500, &log))
            .plugin::<Gate<INNER>>()
            .plugin::<Gate<AFTER>>()
            .plugin::<Gate<OUTER>>()
            .plugin::<Hand<HIGH>>(),
    )
    .await;
    let ctx = HookContext::new().with_metadata(Metadata::new().with("tenant_id", "acme"));
    let high = registry.get::<dyn Worker>("high").unwrap();
    let handle = registry.plugin("worker", "high").unwrap();
    high.one(&ctx, "in order, typed".into()).await.unwrap();
    handle
        .call("one", &ctx, text("in order, erased"))
        .await
        .unwrap();
    for given in ["in order, typed", "in order, erased"] {
        let seen = seen(given);
        let by: Vec<_> = seen
            .iter()
            .map(|told| told["by"].as_str().unwrap())
            .collect();
        let expected = [
            "outer before",
            "inner before",
            "after after",
            "inner after",
            "outer after",
        ];
        assert_eq!(by, expected, "{given}");
        let told = json!({
            "kind": "worker", "plugin": "high", "hook": "one", "args": text(given),
            "metadata": { "tenant_id": "acme", "outer": "was here" }, "by": "inner before",
        });
        assert_eq!(seen[1], told);
        assert_eq!(seen[4]["result"], "high");
    }
    // The host's own stands around the plugins' hooks too, and they around nobody of their kind.
    let told = take(&log);
    assert_eq!(
        told.iter()
            .filter(|it| it.contains("worker.high.one"))
            .count(),
        4
    );
    assert_eq!(
        told.iter()
            .filter(|it| it.contains("before gate.inner.before"))
            .count(),
        2
    );
    let metadata = high.one(&ctx, "metadata".into()).await.unwrap();
    let all = r#"{"inner":"was here","outer":"was here","tenant_id":"acme"}"#;
    assert_eq!(metadata, all);
}

#[tokio::test]
async fn plugins_refuse_and_change_calls() {
    let registry = ready(builder().plugin::<Gate<INNER>>().plugin::<Hand<HIGH>>()).await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    let handle = registry.plugin("worker", "high").unwrap();
    for (given, expected) in [
        ("inner:deny", Err("gate_closed")),
        ("inner:odd", Err(code::INVALID_RESULT)),
        ("inner:late", Err("too_late")),
        ("inner:result", Ok("replaced")),
        ("inner:result high=fail", Ok("replaced")),
        ("high=fail", Err("no_luck")),
    ] {
        let typed = high.one(&ctx, given.into()).await;
        let erased = handle.call("one", &ctx, text(given)).await;
        let erased = erased.map(|value| value.as_str().unwrap().to_owned());
        for outcome in [typed, erased] {
            let outcome = outcome.as_ref().map_err(HookError::code).map(|it| &**it);
            assert_eq!(outcome, expected, "{given}");
        }
    }
    let passed = high.pass(&ctx, "inner:args".into()).await.unwrap();
    assert_eq!(passed, "changed>high");
    let told = &seen("high=fail")[1];
    assert_eq!(
        told["error"],
        json!({ "code": "no_luck", "message": "it failed with hunter22" })
    );
    // A hook without JSON form is wrapped all the same.
    assert_eq!(high.hidden(&ctx, "x").await.unwrap(), "high");
}

#[tokio::test]
async fn a_plugin_wraps_what_it_names() {
    let registry = ready(builder().plugin::<Gate<NARROW>>().plugin::<Hand<HIGH>>()).await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    assert_eq!(high.one(&ctx, "narrow:deny".into()).await.unwrap(), "high");
    let error = high.every(&ctx, "narrow:deny".into()).await.unwrap_err();
    assert_eq!(error.code(), "gate_closed");
}

#[tokio::test]
async fn no_call_passes_a_middleware_that_is_down() {
    let config = json!({ "gate": { "inner": { "setup": "fail" } } });
    let down = builder()
        .plugin::<Gate<INNER>>()
        .config(MemoryConfig::new(config));
    for (builder, reason) in [
        (down, "plugin_load_error"),
        (builder().plugin::<Gate<CHEAP>>(), "middleware_priority"),
        (builder().plugin::<Gate<IDLE>>(), "middleware_without_hooks"),
    ] {
        let registry = builder.plugin::<Hand<HIGH>>().build().unwrap();
        let report = registry.setup_all().await;
        let failed: Vec<_> = report.failed().collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].state.reason().unwrap().code, reason);
        let ctx = HookContext::new();
        let high = registry.get::<dyn Worker>("high").unwrap();
        let error = high.one(&ctx, "x".into()).await.unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE);
        assert!(error.message().contains("`gate."), "{error}");
        let handle = registry.plugin("worker", "high").unwrap();
        let error = handle.call("one", &ctx, text("x")).await.unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE);
    }
}

/// The folder of a manifest by which this program is middleware in another process.
fn child_gate(behaviour: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = json!({
        "schema_version": "1", "name": "child", "kind": "fake", "kind_api_version": "1",
        "core_version": ">=0.1.0", "runtime": "mcp_stdio", "priority": 1500,
        "command": server::words(), "env": { "DAGSTACK_TEST_SERVER": behaviour },
        "chain_wrap": { "kinds": ["worker"], "hooks": ["*"] },
    });
    std::fs::write(folder.path().join("dagstack.json"), manifest.to_string()).unwrap();
    folder
}

/// A hook that the host cannot call in one build must not be called, or passed over, in the other.
#[tokio::test]
async fn b25_middleware_with_a_hook_that_is_not_exposed_lets_no_call_pass() {
    let folder = child_gate("gate hides");
    for (builder, gate) in [
        (builder().plugin::<Gate<HIDING>>(), "gate.hiding"),
        (builder().discover(folder.path()), "fake.child"),
    ] {
        let registry = builder
            .kind::<dyn Worker>()
            .plugin::<Hand<HIGH>>()
            .build()
            .unwrap();
        let report = registry.setup_all().await;
        let (kind, name) = gate.split_once('.').unwrap();
        let reason = report.get(kind, name).unwrap().state.reason().unwrap();
        assert_eq!(reason.code, "middleware_hook_not_exposed", "{gate}");
        assert!(
            reason.message.contains("`after` is not exposed"),
            "{reason}"
        );
        let high = registry.get::<dyn Worker>("high").unwrap();
        let error = high.one(&HookContext::new(), "x".into()).await.unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE, "{gate}: {error}");
        drop(high);
        registry.teardown_all().await.unwrap();
    }
}

#[tokio::test]
async fn a_plugin_in_another_process_is_middleware_too() {
    let folder = child_gate("gate");
    let registry = ready(
        builder()
            .discover(folder.path())
            .kind::<dyn Worker>()
            .plugin::<Hand<HIGH>>()
            .plugin::<Hand<MID>>(),
    )
    .await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    let metadata = high.one(&ctx, "metadata".into()).await.unwrap();
    assert_eq!(metadata, r#"{"seen_by":"child"}"#);
    let error = high.one(&ctx, "forbidden".into()).await.unwrap_err();
    assert_eq!(error.code(), "not_today");
    let worker = registry.dispatch::<dyn Worker>();
    let all = worker.some(&ctx, "forbidden".into()).await.unwrap();
    assert!(
        all.iter()
            .all(|(_, it)| it.as_ref().unwrap_err().code() == "not_today")
    );

    let child = registry.plugin("fake", "child").unwrap();
    let _ = child.call("die", &ctx, json!({})).await;
    let error = high.one(&ctx, "x".into()).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    drop(high);
    registry.teardown_all().await.unwrap();
}
