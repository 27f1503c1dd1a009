//! Middleware around calls of every class, in every runtime: the host's own, what ships with the
//! runtime, and plugins that are middleware.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/server.rs"]
mod server;
#[path = "common/workers.rs"]
mod workers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use common::{ALPHA, CALC, Fake};
use dagstack_plugin::__private::{Arguments, Called};
use dagstack_plugin::declaration::{ChainWrapDecl, Hook};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Declaration, Health, Output, Plugin, PluginError, Released, SetupContext,
    async_trait,
};
use dagstack_runtime::middleware::{Call, ConcurrencyLimit, Deadline, Middleware, Next, Observe};
use dagstack_runtime::{
    CancelToken, HookContext, HookError, MemoryConfig, Metadata, PluginRegistryError, Registry,
    RegistryBuilder, State, code,
};
use serde_json::{Map, Value, json};
use workers::{HIGH, Hand, LOW, MID, Worker};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

fn builder() -> RegistryBuilder {
    Registry::builder().environment(|_| None)
}

async fn ready(builder: RegistryBuilder) -> Registry {
    let registry = builder.build().unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

type Log = Arc<Mutex<Vec<String>>>;

fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

/// Writes down every call.
struct Logged {
    name: &'static str,
    priority: u32,
    log: Log,
    asked: AtomicUsize,
}

impl Logged {
    fn new(name: &'static str, priority: u32, log: &Log) -> Self {
        Self {
            name,
            priority,
            log: Arc::clone(log),
            asked: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Middleware for Logged {
    fn priority(&self) -> u32 {
        self.priority
    }
    fn wraps(&self, _: &str, hook: &str) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        hook != "pass"
    }
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let what = format!("{}.{}", call.plugin(), call.hook());
        let note = |word: &str| {
            let line = format!("{} {word} {what}", self.name);
            self.log.lock().unwrap().push(line);
        };
        note("before");
        let outcome = next.run(call).await;
        note("after");
        outcome
    }
}

fn once(plugin: &str, hook: &str) -> Vec<String> {
    ["out before", "in before", "in after", "out after"]
        .iter()
        .map(|words| format!("{words} {plugin}.{hook}"))
        .collect()
}

fn logged(log: &Log) -> RegistryBuilder {
    builder()
        .middleware(Logged::new("in", 1000, log))
        .middleware(Logged::new("out", 2000, log))
}

#[tokio::test]
async fn every_way_to_call_passes_every_middleware_once_from_the_outermost_in() {
    let log = Log::default();
    let registry = ready(
        logged(&log)
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

// ---- plugins as middleware ----

const fn hook(name: &'static str, mcp_exposed: bool) -> Hook {
    Hook {
        name,
        description: None,
        execution_model: ExecutionModel::Sync,
        mcp_exposed,
        takes_context: true,
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
