//! Middleware around calls of every class, in every runtime: the host's own, and what ships with the
//! runtime.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/logged.rs"]
mod logged;
#[path = "common/server.rs"]
mod server;
#[path = "common/workers.rs"]
mod workers;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{ALPHA, CALC, Fake};
use dagstack_plugin::async_trait;
use dagstack_runtime::middleware::{Call, ConcurrencyLimit, Deadline, Middleware, Next, Observe};
use dagstack_runtime::{
    CancelToken, HookContext, HookError, MemoryConfig, Metadata, PluginRegistryError,
    RegistryBuilder, State, code,
};
use logged::{Log, Logged, builder, ready, take, text};
use serde_json::{Value, json};
use workers::{HIGH, Hand, LOW, Worker};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

fn once(plugin: &str, hook: &str) -> Vec<String> {
    ["out before", "in before", "in after", "out after"]
        .iter()
        .map(|words| format!("{words} {plugin}.{hook}"))
        .collect()
}

fn with_two(log: &Log) -> RegistryBuilder {
    builder()
        .middleware(Logged::new("in", 1000, log))
        .middleware(Logged::new("out", 2000, log))
}

#[tokio::test]
async fn every_way_to_call_passes_every_middleware_once_from_the_outermost_in() {
    let log = Log::default();
    let registry = ready(
        with_two(&log)
            .plugin::<Hand<HIGH>>()
            .plugin::<Fake<ALPHA>>()
            .executable("fake", "child", server::command("")),
    )
    .await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    high.one(&ctx, "x".into()).await.unwrap();
    assert_eq!(take(&log), once("worker.high", "one"));
    high.hidden(&ctx, "x").await.unwrap();
    assert_eq!(take(&log), once("worker.high", "hidden"));
    // The pattern leaves it out.
    high.pass(&ctx, "x".into()).await.unwrap();
    assert_eq!(take(&log), [""; 0]);
    let handle = registry.plugin("worker", "high").unwrap();
    handle.call("one", &ctx, text("x")).await.unwrap();
    assert_eq!(take(&log), once("worker.high", "one"));

    let typed = registry.dispatch::<dyn Worker>();
    typed.every(&ctx, "x".into()).await.unwrap();
    assert_eq!(take(&log), once("worker.high", "every"));
    typed.told(&ctx, "x".into()).await.unwrap();
    assert_eq!(take(&log), once("worker.high", "told"));
    let erased = registry.dispatcher("worker");
    erased.singleton("one", &ctx, text("x")).await.unwrap();
    assert_eq!(take(&log), once("worker.high", "one"));

    let child = registry.plugin("fake", "child").unwrap();
    child.call("echo", &ctx, text("x")).await.unwrap();
    assert_eq!(take(&log), once("fake.child", "echo"));
    let alpha = registry.plugin("fake", "alpha").unwrap();
    for hook in ["panic", "fail", "thread"] {
        let _ = alpha.call(hook, &ctx, text("x")).await;
        assert_eq!(take(&log), once("fake.alpha", hook));
    }
    drop(high);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn patterns_are_asked_once_for_every_hook() {
    let log = Log::default();
    let logged = Arc::new(Logged::new("only", 1000, &log));
    struct Shared(Arc<Logged>);
    #[async_trait]
    impl Middleware for Shared {
        fn wraps(&self, kind: &str, hook: &str) -> bool {
            self.0.wraps(kind, hook)
        }
        async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
            self.0.call(call, next).await
        }
    }
    let registry = ready(
        builder()
            .middleware(Shared(Arc::clone(&logged)))
            .plugin::<Hand<HIGH>>(),
    )
    .await;
    let ctx = HookContext::new();
    let handle = registry.plugin("worker", "high").unwrap();
    let high = registry.get::<dyn Worker>("high").unwrap();
    for _ in 0..3 {
        handle.call("one", &ctx, text("x")).await.unwrap();
        high.one(&ctx, "x".into()).await.unwrap();
    }
    // Once by place for all seven hooks, once by name.
    assert_eq!(logged.asked.load(Ordering::SeqCst), 8);
}

/// Denies, or changes arguments, metadata and results, as the text says.
struct Changes;

#[async_trait]
impl Middleware for Changes {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let args = call.args_json()?;
        match args["text"].as_str() {
            Some("deny") => return Err(HookError::new(code::PERMISSION_DENIED, "not you")),
            Some("panic") => panic!("on purpose"),
            Some("forget") => return Ok(()),
            Some("answer") => return call.set_result_json(json!("no call")),
            Some("args") => call.set_args_json(text("metadata"))?,
            Some("twice") => {
                next.run(call).await?;
                // What the call used is gone.
                return call.args_json().map(drop);
            }
            _ => {}
        }
        let metadata = call.metadata().with("added", 1);
        call.set_metadata(metadata);
        next.run(call).await?;
        if args["text"] == "result" {
            assert_eq!(call.result_json()?, Some(json!("high")));
            call.set_result_json(json!("changed"))?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_middleware_refuses_and_changes_calls() {
    let registry = ready(builder().middleware(Changes).plugin::<Hand<HIGH>>()).await;
    let ctx = HookContext::new().with_metadata(Metadata::new().with("tenant_id", "acme"));
    let high = registry.get::<dyn Worker>("high").unwrap();
    let handle = registry.plugin("worker", "high").unwrap();
    for (given, expected) in [
        ("result", Ok("changed")),
        ("answer", Ok("no call")),
        ("metadata", Ok(r#"{"added":1,"tenant_id":"acme"}"#)),
        ("args", Ok(r#"{"added":1,"tenant_id":"acme"}"#)),
        ("deny", Err(code::PERMISSION_DENIED)),
        ("panic", Err(code::PANICKED)),
        ("forget", Err(code::HOOK_FAILED)),
        ("twice", Err(code::HOOK_FAILED)),
        ("high=fail", Err("no_luck")),
    ] {
        let typed = high.one(&ctx, given.into()).await;
        let erased = handle.call("one", &ctx, text(given)).await;
        match (expected, typed, erased) {
            (Ok(expected), Ok(typed), Ok(erased)) => {
                assert_eq!((&*typed, &erased), (expected, &json!(expected)), "{given}");
            }
            (Err(expected), Err(typed), Err(erased)) => {
                assert_eq!(
                    (typed.code(), erased.code()),
                    (expected, expected),
                    "{given}"
                );
            }
            (_, typed, erased) => panic!("{given}: {typed:?}, {erased:?}"),
        }
    }
    // What has no JSON form is not shown, whoever calls.
    let typed = high.hidden(&ctx, "x").await.unwrap_err();
    let erased = handle.call("hidden", &ctx, text("x")).await.unwrap_err();
    assert_eq!(
        (typed.code(), erased.code()),
        (code::NOT_EXPOSED, code::NOT_EXPOSED)
    );
}

/// The host's own, which refuses.
struct Refuses;

#[async_trait]
impl Middleware for Refuses {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        match call.args_json()?["text"].as_str() {
            Some("refuse") => Err(HookError::new("closed", "no room in open-sesame-open")),
            _ => next.run(call).await,
        }
    }
}

/// Only what a plugin says itself is searched for the secrets of its config.
#[tokio::test]
async fn b20_an_error_of_the_hosts_own_middleware_is_the_same_typed_and_by_json() {
    let config = json!({ "worker": { "high": { "api_key": "open-sesame-open" } } });
    let registry = ready(
        builder()
            .middleware(Refuses)
            .kind::<dyn Worker>()
            .plugin::<Hand<HIGH>>()
            .config(MemoryConfig::new(config)),
    )
    .await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    let typed = high.one(&ctx, "refuse".into()).await.unwrap_err();
    let handle = registry.plugin("worker", "high").unwrap();
    let by_json = handle.call("one", &ctx, text("refuse")).await.unwrap_err();
    assert_eq!(typed, by_json);
    assert_eq!(typed.message(), "no room in open-sesame-open");
}

#[tokio::test]
async fn a_middleware_changes_calls_to_other_processes() {
    let registry = ready(builder().middleware(Changes).executable(
        "fake",
        "child",
        server::command(""),
    ))
    .await;
    let ctx = HookContext::new();
    let child = registry.plugin("fake", "child").unwrap();
    let value = child.call("echo", &ctx, text("args")).await.unwrap();
    assert_eq!(value["args"], text("metadata"));
    assert_eq!(
        value["meta"]["dev.dagstack/metadata"],
        json!({ "added": 1 })
    );
    let error = child.call("echo", &ctx, text("deny")).await.unwrap_err();
    assert_eq!(error.code(), code::PERMISSION_DENIED);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_refusal_degrades_nobody() {
    let registry = ready(builder().middleware(Changes).plugin::<Hand<HIGH>>()).await;
    let worker = registry.dispatch::<dyn Worker>();
    let all = worker
        .some(&HookContext::new(), "deny".into())
        .await
        .unwrap();
    assert_eq!(
        all[0].1.as_ref().unwrap_err().code(),
        code::PERMISSION_DENIED
    );
    let high = registry.plugin("worker", "high").unwrap();
    assert_eq!(high.state(), State::Ready);
}

/// Looks at functions of tools.
struct Functions(Log);

#[async_trait]
impl Middleware for Functions {
    fn wraps(&self, kind: &str, hook: &str) -> bool {
        (kind, hook) == ("tool", "execute")
    }
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let args = call.args_json()?;
        let line = format!("{} {args}", call.hook());
        self.0.lock().unwrap().push(line);
        if args["text"] == "deny" {
            return Err(HookError::new(code::PERMISSION_DENIED, "not you"));
        }
        next.run(call).await
    }
}

#[tokio::test]
async fn a_function_of_a_tool_is_what_middleware_sees() {
    let log = Log::default();
    let functions = Functions(Arc::clone(&log));
    let registry = ready(
        builder()
            .middleware(functions)
            .plugin::<Fake<CALC>>()
            .executable("tool", "child", server::command("foreign")),
    )
    .await;
    let ctx = HookContext::new();
    for name in ["calc", "child"] {
        let tool = registry.plugin("tool", name).unwrap();
        let execute =
            |function: &str, given: &str| json!({ "function": function, "args": text(given) });
        tool.call("echo", &ctx, text("x")).await.unwrap();
        let value = tool.call("execute", &ctx, execute("echo", "x")).await;
        assert_eq!(value.unwrap()["result"]["args"], text("x"));
        let failed = tool.call("execute", &ctx, execute("fail", "x")).await;
        assert_eq!(failed.unwrap()["is_error"], true);
        let denied = tool.call("execute", &ctx, execute("echo", "deny")).await;
        assert_eq!(denied.unwrap_err().code(), code::PERMISSION_DENIED);
        assert_eq!(
            take(&log),
            [
                r#"echo {"text":"x"}"#,
                r#"echo {"text":"x"}"#,
                r#"fail {"text":"x"}"#,
                r#"echo {"text":"deny"}"#
            ]
        );
        tool.call("get_schema", &ctx, Value::Null).await.unwrap();
        assert_eq!(take(&log), [""; 0]);
    }
    registry.teardown_all().await.unwrap();
}

#[test]
fn a_middleware_among_business_plugins_is_no_registry() {
    let error = builder()
        .middleware(Observe::new().with_priority(100))
        .build()
        .map(drop)
        .unwrap_err();
    assert!(matches!(
        error,
        PluginRegistryError::MiddlewarePriority { priority: 100, .. }
    ));
    assert!(error.to_string().contains("Observe"), "{error}");
}

// ---- what ships ----

#[tokio::test]
async fn a_deadline_acts_in_every_runtime_on_calls_that_have_none() {
    let short = Deadline::new(Duration::from_millis(20));
    let registry = ready(
        builder()
            .middleware(short.on("worker", "*").on("fake", "wait"))
            .plugin::<Hand<HIGH>>()
            .plugin::<Fake<ALPHA>>()
            .executable("fake", "child", server::command("")),
    )
    .await;
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    let started = Instant::now();
    let error = high.one(&ctx, "high=wait".into()).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
    for name in ["alpha", "child"] {
        let plugin = registry.plugin("fake", name).unwrap();
        let error = plugin.call("wait", &ctx, json!({})).await.unwrap_err();
        assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
        plugin.call("echo", &ctx, json!({})).await.unwrap();
    }
    assert!(started.elapsed() < PATIENCE);
    drop(high);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn an_earlier_deadline_of_the_caller_stays() {
    let registry = ready(
        builder()
            .middleware(Deadline::new(PATIENCE))
            .plugin::<Hand<HIGH>>(),
    )
    .await;
    let high = registry.get::<dyn Worker>("high").unwrap();
    let ctx = HookContext::new().with_timeout(Duration::from_millis(5));
    let started = Instant::now();
    let error = high.one(&ctx, "high=wait".into()).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
    assert!(started.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_in_order() {
    let registry = ready(
        builder()
            .middleware(ConcurrencyLimit::new(1))
            .plugin::<Hand<HIGH>>()
            .plugin::<Hand<LOW>>(),
    )
    .await;
    let high = registry.get::<dyn Worker>("high").unwrap();
    let token = CancelToken::new();
    let held = HookContext::new().with_cancellation(token.clone());
    let ended = Log::default();
    let holding = async {
        let error = high.one(&held, "high=wait".into()).await.unwrap_err();
        assert_eq!(error.code(), code::CANCELLED);
        ended.lock().unwrap().push("held".to_owned());
    };
    let waiting = |name: &'static str| {
        let (high, ended) = (Arc::clone(&high), Arc::clone(&ended));
        async move {
            high.one(&HookContext::new(), name.into()).await.unwrap();
            ended.lock().unwrap().push(name.to_owned());
        }
    };
    let others = async {
        // Another plugin has a place of its own.
        let low = registry.get::<dyn Worker>("low").unwrap();
        low.one(&HookContext::new(), "x".into()).await.unwrap();
        // Who stops waiting does so at once.
        let late = HookContext::new().with_timeout(Duration::from_millis(5));
        let error = high.one(&late, "x".into()).await.unwrap_err();
        assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
        token.cancel();
    };
    tokio::join!(holding, waiting("a"), waiting("b"), waiting("c"), others);
    assert_eq!(take(&ended), ["held", "a", "b", "c"]);
}

#[tokio::test]
async fn a_deadline_further_out_ends_the_wait_for_a_place() {
    let registry = ready(
        builder()
            .middleware(ConcurrencyLimit::new(1).global())
            .middleware(Deadline::new(Duration::from_millis(20)).on("worker", "every"))
            .plugin::<Hand<HIGH>>()
            .plugin::<Hand<LOW>>(),
    )
    .await;
    let high = registry.get::<dyn Worker>("high").unwrap();
    let low = registry.plugin("worker", "low").unwrap();
    let token = CancelToken::new();
    let held = HookContext::new().with_cancellation(token.clone());
    let ctx = HookContext::new();
    let holding = high.one(&held, "high=wait".into());
    let waiting = async {
        let typed = high.every(&ctx, "x".into()).await.unwrap_err();
        let erased = low.call("every", &ctx, text("x")).await.unwrap_err();
        assert_eq!(typed.code(), code::DEADLINE_EXCEEDED);
        assert_eq!(erased.code(), code::DEADLINE_EXCEEDED);
        token.cancel();
    };
    let (_, ()) = tokio::join!(holding, waiting);
}

#[tokio::test]
async fn calls_beyond_a_strict_limit_are_refused() {
    let registry = ready(
        builder()
            .middleware(ConcurrencyLimit::new(1).reject())
            .plugin::<Hand<HIGH>>(),
    )
    .await;
    let high = registry.get::<dyn Worker>("high").unwrap();
    let token = CancelToken::new();
    let held = HookContext::new().with_cancellation(token.clone());
    let ctx = HookContext::new();
    let holding = high.one(&held, "high=wait".into());
    let refused = async {
        let error = high.one(&ctx, "x".into()).await.unwrap_err();
        assert_eq!(error.code(), code::QUOTA_EXCEEDED);
        token.cancel();
    };
    let (_, ()) = tokio::join!(holding, refused);
    high.one(&ctx, "x".into()).await.unwrap();
}

/// Keeps the fields of every span.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}").trim_matches('"').to_owned();
        self.0.insert(field.name().to_owned(), value);
    }
}

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "plugin.call"
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut spans = self.0.lock().unwrap();
        let mut fields = BTreeMap::new();
        span.record(&mut Fields(&mut fields));
        spans.push(fields);
        tracing::span::Id::from_u64(spans.len() as u64)
    }
    fn record(&self, span: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut spans = self.0.lock().unwrap();
        let place = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Fields(&mut spans[place]));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn an_observed_call_is_one_span() {
    let registry = ready(
        builder()
            .middleware(Observe::default())
            .plugin::<Hand<HIGH>>(),
    )
    .await;
    let spans = Spans::default();
    let _here = tracing::subscriber::set_default(spans.clone());
    let ctx = HookContext::new();
    let high = registry.get::<dyn Worker>("high").unwrap();
    high.one(&ctx, "x".into()).await.unwrap();
    // Nothing is serialised for it, so a hook without JSON form is observed too.
    high.hidden(&ctx, "high=fail").await.unwrap_err();
    let fields = |hook: &str| {
        BTreeMap::from(
            [
                ("otel.name", format!("worker.{hook}")),
                ("otel.kind", "internal".to_owned()),
                ("plugin.kind", "worker".to_owned()),
                ("plugin.name", "high".to_owned()),
                ("plugin.hook", hook.to_owned()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        )
    };
    let mut failed = fields("hidden");
    failed.insert("otel.status_code".to_owned(), "ERROR".to_owned());
    failed.insert("error.type".to_owned(), "no_luck".to_owned());
    assert_eq!(*spans.0.lock().unwrap(), [fields("one"), failed]);
}
