//! Plugins in process: registration, setup, calls, teardown.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::sync::OnceLock;
use std::time::Duration;

use common::{
    ALPHA, BETA, CALC, FUTURE, Fake, HEAVY_WORK, NEEDS_ALPHA, NEEDS_NEEDS_ALPHA, NEEDS_NOBODY,
    RING_A, RING_B, SECOND_ALPHA, journal, registry,
};
use dagstack_plugin::prelude::*;
use dagstack_runtime::{
    CancelToken, ConfigSource, ConfigSourceError, Health, HookContext, MemoryConfig, Metadata,
    PluginHandle, PluginRegistryError, Registry, State, code,
};
use serde_json::{Value, json};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

fn reason(registry: &Registry, name: &str) -> (String, String) {
    let handle = registry.plugin("fake", name).unwrap();
    let reason = handle.reason().unwrap();
    (reason.code, reason.message)
}

#[tokio::test]
async fn a_plugin_is_set_up_called_and_torn_down() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "size": 5 } } }),
    );
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let ctx = HookContext::new().with_metadata(Metadata::new().with("tenant_id", "acme"));
    let early = plugin.call("echo", &ctx, json!({})).await.unwrap_err();
    assert_eq!(early.code(), code::UNAVAILABLE);
    assert!(early.message().contains("setup_all"), "{early}");

    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let value = plugin
        .call("echo", &ctx, json!({ "text": "hi" }))
        .await
        .unwrap();
    assert_eq!(value["args"], json!({ "text": "hi" }));
    assert_eq!(value["config"], json!({ "size": 5 }));
    assert_eq!(value["metadata"], json!({ "tenant_id": "acme" }));
    assert_eq!(plugin.health().await, Health::Healthy);
    assert_eq!(plugin.runtime().as_str(), "in_process");
    assert_eq!(plugin.pid(), None);

    registry.teardown_all().await.unwrap();
    assert_eq!(plugin.state(), State::Registered);
    let late = plugin.call("echo", &ctx, json!({})).await.unwrap_err();
    assert_eq!(late.code(), code::UNAVAILABLE);
    registry.teardown_all().await.unwrap();
    assert!(registry.setup_all().await.all_ready());
}

#[tokio::test]
async fn a_hooks_own_error_and_panic_are_the_calls_error() {
    let registry = registry(Registry::builder().plugin::<Fake<ALPHA>>(), json!({}));
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let ctx = HookContext::new();
    let error = plugin
        .call("fail", &ctx, json!({ "a": 1 }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.get_details()),
        ("no_luck", Some(&json!({ "a": 1 })))
    );
    let error = plugin.call("panic", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::PANICKED);
    let error = plugin.call("ecko", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::UNKNOWN_HOOK);
    assert!(error.message().contains("did you mean `echo`?"));
    let error = plugin.call("echo", &ctx, json!([1])).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    assert!(error.message().contains("found an array"), "{error}");
    assert!(plugin.call("echo", &ctx, Value::Null).await.is_ok());
}

#[tokio::test]
async fn a_caller_who_gives_up_gets_its_error() {
    let registry = registry(Registry::builder().plugin::<Fake<ALPHA>>(), json!({}));
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let ctx = HookContext::new().with_timeout(Duration::from_millis(5));
    let error = plugin.call("wait", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);

    let token = CancelToken::new();
    let ctx = HookContext::new().with_cancellation(token.clone());
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.call("wait", &ctx, Value::Null).await }
    });
    tokio::task::yield_now().await;
    token.cancel();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.code(), code::CANCELLED);
}

#[tokio::test]
async fn what_a_call_leaves_behind_may_panic_alone() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "wait": "bomb" } } }),
    );
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let ctx = HookContext::new().with_timeout(Duration::from_millis(5));
    let error = plugin.call("wait", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
}

#[test]
fn calls_need_no_runtime_of_their_own() {
    let host = tokio::runtime::Runtime::new().unwrap();
    let registry = registry(Registry::builder().plugin::<Fake<ALPHA>>(), json!({}));
    let _ = host.block_on(registry.setup_all());
    let plugin = registry.plugin("fake", "alpha").unwrap();
    // A thread that is no tokio thread, and an executor that is not tokio's.
    let ctx = HookContext::new().with_timeout(Duration::from_millis(5));
    let mut call = Box::pin(plugin.call("wait", &ctx, Value::Null));
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let outcome = loop {
        match call.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(outcome) => break outcome,
            std::task::Poll::Pending => std::thread::park_timeout(PATIENCE),
        }
    };
    assert_eq!(outcome.unwrap_err().code(), code::DEADLINE_EXCEEDED);
}

#[tokio::test]
async fn cpu_bound_hooks_leave_the_callers_thread_and_hear_of_its_end() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "journal": "cpu" } } }),
    );
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let here = json!(format!("{:?}", std::thread::current().id()));
    let ctx = HookContext::new();
    let echo = plugin.call("echo", &ctx, Value::Null).await.unwrap();
    assert_eq!(echo["thread"], here);
    assert_ne!(
        plugin.call("thread", &ctx, Value::Null).await.unwrap(),
        here
    );

    // The hook spins until it is told to stop.
    let ctx = HookContext::new().with_timeout(Duration::from_millis(200));
    let error = plugin.call("spin", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
    let ctx = HookContext::new();
    drop(
        tokio::time::timeout(
            Duration::from_millis(200),
            plugin.call("spin", &ctx, Value::Null),
        )
        .await,
    );
    registry.teardown_all().await.unwrap();
    // Nobody waits for these two any more, but the teardown did.
    let stopped = "stopped spin".to_owned();
    let expected = [
        "setup alpha".to_owned(),
        stopped.clone(),
        stopped,
        "teardown alpha".to_owned(),
    ];
    assert_eq!(journal("cpu"), expected);
}

#[tokio::test]
async fn functions_of_a_tool_are_called_like_hooks_or_by_execute() {
    let registry = registry(Registry::builder().plugin::<Fake<CALC>>(), json!({}));
    assert!(registry.setup_all().await.all_ready());
    let plugin = registry.plugin("tool", "calc").unwrap();
    let ctx = HookContext::new();
    let schema = plugin.call("get_schema", &ctx, Value::Null).await.unwrap();
    assert_eq!(schema[0]["name"], "echo");
    let execute = json!({ "function": "echo", "args": { "x": 1 } });
    let value = plugin.call("execute", &ctx, execute).await.unwrap();
    assert_eq!(value["result"]["args"], json!({ "x": 1 }));
    let here = json!(format!("{:?}", std::thread::current().id()));
    let execute = json!({ "function": "thread" });
    let value = plugin.call("execute", &ctx, execute).await.unwrap();
    assert_ne!(value["result"], here);
}

#[tokio::test]
async fn failures_stay_with_their_plugin_and_those_that_need_it() {
    for (how, code, text) in [
        ("fail", "plugin_load_error", "no luck"),
        ("panic", "plugin_load_error", "panicked"),
        ("hang", "timeout", "startup_timeout_sec"),
        ("block", "timeout", "startup_timeout_sec"),
    ] {
        let registry = registry(
            Registry::builder()
                .plugin::<Fake<ALPHA>>()
                .plugin::<Fake<BETA>>()
                .plugin::<Fake<NEEDS_ALPHA>>()
                .plugin::<Fake<NEEDS_NEEDS_ALPHA>>(),
            json!({ "fake": { "alpha": { "setup": how, "password": "hunter22" } } }),
        );
        let report = registry.setup_all().await;
        assert_eq!(report.failed().count(), 3, "{report}");
        let (found, message) = reason(&registry, "alpha");
        assert_eq!(found, code, "{how}");
        assert!(message.contains(text), "{message}");
        assert!(!report.to_string().contains("hunter22"), "{report}");
        let (found, message) = reason(&registry, "needs-alpha");
        assert_eq!(found, "dependency_unavailable");
        assert!(message.contains("`fake.alpha`"), "{message}");
        let (found, message) = reason(&registry, "needs-needs-alpha");
        assert_eq!(found, "dependency_unavailable");
        assert!(
            message.contains(text),
            "the first cause is named: {message}"
        );
        let beta = registry.plugin("fake", "beta").unwrap();
        assert!(
            beta.call("echo", &HookContext::new(), Value::Null)
                .await
                .is_ok()
        );
        let alpha = registry.plugin("fake", "alpha").unwrap();
        let error = alpha
            .call("echo", &HookContext::new(), Value::Null)
            .await
            .unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE);
        assert_eq!(
            error.get_details().unwrap()["reason"]["code"],
            json!(found_code(code))
        );
    }
}

fn found_code(code: &str) -> &str {
    code
}

#[tokio::test]
async fn what_cannot_run_is_unavailable_with_its_reason() {
    let registry = registry(
        Registry::builder()
            .plugin::<Fake<ALPHA>>()
            .plugin::<Fake<NEEDS_NOBODY>>()
            .plugin::<Fake<FUTURE>>()
            .plugin::<Fake<HEAVY_WORK>>(),
        json!({}),
    );
    let report = registry.setup_all().await;
    assert!(report.get("fake", "alpha").unwrap().state.is_callable());
    let (found, message) = reason(&registry, "needs-nobody");
    assert_eq!(found, "dependency_missing");
    assert!(message.contains("did you mean `alpha`?"), "{message}");
    let (found, message) = reason(&registry, "future");
    assert_eq!(found, "version_incompatible");
    assert!(
        message.contains(">=9") && message.contains("0.4.1"),
        "{message}"
    );
    let (found, message) = reason(&registry, "heavy");
    assert_eq!(found, "runtime_not_supported");
    assert!(message.contains("process_cpu_bound"), "{message}");
}

#[test]
fn duplicates_and_circles_are_no_registry() {
    let error = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .plugin::<Fake<SECOND_ALPHA>>()
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "duplicate_plugin");
    assert!(error.to_string().contains("second::Alpha"), "{error}");
    let error = Registry::builder()
        .plugin::<Fake<RING_A>>()
        .plugin::<Fake<RING_B>>()
        .build()
        .unwrap_err();
    let PluginRegistryError::DependencyCycle { edges } = &error else {
        panic!("{error}");
    };
    assert_eq!(edges.len(), 2);
    // The same type twice is one plugin.
    let twice = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .plugin::<Fake<ALPHA>>()
        .build();
    assert_eq!(twice.unwrap().status().len(), 1);
}

#[test]
fn a_plugin_that_is_not_there_is_guessed_at() {
    let registry = Registry::builder().plugin::<Fake<ALPHA>>().build().unwrap();
    let error = registry.plugin("fake", "alpah").unwrap_err();
    assert_eq!(error.code(), "plugin_not_found");
    assert!(
        error.to_string().contains("did you mean `fake.alpha`?"),
        "{error}"
    );
    let empty = Registry::builder().build().unwrap();
    let error = empty.plugin("fake", "alpha").unwrap_err();
    assert!(error.to_string().contains("link!"), "{error}");
}

#[tokio::test]
async fn setup_goes_by_dependency_priority_and_name_and_teardown_back() {
    let log = json!({ "journal": "order" });
    let registry = registry(
        Registry::builder()
            .plugin::<Fake<NEEDS_NEEDS_ALPHA>>()
            .plugin::<Fake<NEEDS_ALPHA>>()
            .plugin::<Fake<ALPHA>>()
            .plugin::<Fake<BETA>>(),
        json!({ "fake": { "alpha": log, "beta": log, "needs-alpha": log, "needs-needs-alpha": log } }),
    );
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let order = ["beta", "alpha", "needs-alpha", "needs-needs-alpha"];
    let expected: Vec<String> = order.iter().map(|name| format!("setup {name}")).collect();
    assert_eq!(journal("order"), expected);
    registry.teardown_all().await.unwrap();
    let expected: Vec<String> = order
        .iter()
        .rev()
        .map(|name| format!("teardown {name}"))
        .collect();
    assert_eq!(journal("order"), expected);
}

#[tokio::test]
async fn teardown_goes_on_and_reports_every_failure() {
    let registry = registry(
        Registry::builder()
            .plugin::<Fake<ALPHA>>()
            .plugin::<Fake<BETA>>()
            .plugin::<Fake<NEEDS_ALPHA>>()
            .plugin::<Fake<NEEDS_NEEDS_ALPHA>>(),
        json!({ "fake": {
            "alpha": { "teardown": "hang" },
            "beta": { "teardown": "panic", "drop": "panic" },
            "needs-alpha": { "teardown": "fail", "password": "hunter22" },
            "needs-needs-alpha": { "teardown": "restart" },
        } }),
    );
    let _ = registry.setup_all().await;
    let PluginRegistryError::TeardownErrors { errors } = registry.teardown_all().await.unwrap_err()
    else {
        panic!("expected teardown errors");
    };
    let codes: Vec<_> = errors
        .iter()
        .map(|(name, error)| (name.name(), error.code()))
        .collect();
    assert_eq!(
        codes,
        [
            ("needs-alpha", "teardown_failed"),
            ("alpha", "timeout"),
            ("beta", "teardown_failed")
        ]
    );
    assert!(errors[0].1.to_string().contains("it holds on"));
    assert!(!errors[0].1.to_string().contains("hunter22"));
    let state = |name| registry.plugin("fake", name).unwrap().state();
    assert_eq!(state("alpha"), State::Leaked);
    assert_eq!(state("needs-needs-alpha"), State::RequiresRestart);
    registry.teardown_all().await.unwrap();
    // What is left may be set up again; what leaked may not.
    let _ = registry.setup_all().await;
    assert_eq!(state("alpha"), State::Leaked);
    assert_eq!(state("beta"), State::Ready);
}

#[tokio::test]
async fn a_drop_that_blocks_is_a_leak_and_does_not_stall_the_host() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "drop": "block" } } }),
    );
    let _ = registry.setup_all().await;
    let error = registry.teardown_all().await.unwrap_err();
    let PluginRegistryError::TeardownErrors { errors } = &error else {
        panic!("{error}");
    };
    assert_eq!(errors[0].1.code(), "timeout");
    let plugin = registry.plugin("fake", "alpha").unwrap();
    assert_eq!(plugin.state(), State::Leaked);
}

#[tokio::test]
async fn teardown_waits_for_calls_on_their_way_but_not_for_ever() {
    let registry = registry(Registry::builder().plugin::<Fake<ALPHA>>(), json!({}));
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    let call =
        tokio::spawn(async move { plugin.call("wait", &HookContext::new(), Value::Null).await });
    tokio::task::yield_now().await;
    tokio::time::timeout(PATIENCE, registry.teardown_all())
        .await
        .unwrap()
        .unwrap();
    call.abort();
}

#[tokio::test]
async fn config_sections_are_checked_and_layered() {
    let registry = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .plugin::<Fake<BETA>>()
        .config(MemoryConfig::new(
            json!({ "fake": { "alpha": { "a": 1, "b": 1 }, "beta": 3 } }),
        ))
        .config(MemoryConfig::new(
            json!({ "fake": { "alpha": { "b": 2 }, "alpa": {} } }),
        ))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert_eq!(
        report.warnings,
        ["the config section `fake.alpa` belongs to no plugin (did you mean `fake.alpha`?)"]
    );
    let alpha = registry.plugin("fake", "alpha").unwrap();
    let value = alpha
        .call("echo", &HookContext::new(), Value::Null)
        .await
        .unwrap();
    assert_eq!(value["config"], json!({ "a": 1, "b": 2 }));
    let (found, message) = reason(&registry, "beta");
    assert_eq!(found, "config_invalid");
    assert!(message.contains("`fake.beta`: found a number"), "{message}");
}

#[tokio::test]
async fn a_source_that_cannot_load_stops_every_plugin() {
    struct Broken;
    impl ConfigSource for Broken {
        fn id(&self) -> &str {
            "file:/etc/app.yaml"
        }
        fn load(&self) -> dagstack_runtime::BoxFuture<'_, Result<Value, ConfigSourceError>> {
            Box::pin(async { Err(ConfigSourceError::new("no such file")) })
        }
    }
    let registry = Registry::builder()
        .plugin::<Fake<ALPHA>>()
        .config(Broken)
        .build()
        .unwrap();
    let _ = registry.setup_all().await;
    let (found, message) = reason(&registry, "alpha");
    assert_eq!(found, "config_source_failed");
    assert!(message.contains("file:/etc/app.yaml"), "{message}");
}

#[tokio::test]
async fn a_health_check_that_panics_is_unhealthy() {
    let registry = registry(
        Registry::builder()
            .plugin::<Fake<ALPHA>>()
            .plugin::<Fake<BETA>>(),
        json!({ "fake": { "alpha": { "health": "panic" }, "beta": { "health": "slow disk" } } }),
    );
    let _ = registry.setup_all().await;
    let health = registry.plugin("fake", "alpha").unwrap().health().await;
    assert!(matches!(health, Health::Unhealthy { .. }), "{health:?}");
    let health = registry.plugin("fake", "beta").unwrap().health().await;
    assert_eq!(health, Health::degraded("slow disk"));
}

#[tokio::test]
async fn a_health_check_that_hangs_is_unhealthy() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "health": "hang" } } }),
    );
    let _ = registry.setup_all().await;
    // The ten seconds pass at once.
    tokio::time::pause();
    let health = registry.plugin("fake", "alpha").unwrap().health().await;
    assert_eq!(
        health,
        Health::unhealthy("it did not say how it is within 10s")
    );
}

#[tokio::test]
async fn a_plugin_that_is_torn_down_is_not_asked_for_its_health() {
    let registry = registry(
        Registry::builder().plugin::<Fake<ALPHA>>(),
        json!({ "fake": { "alpha": { "health": "slow disk" } } }),
    );
    let _ = registry.setup_all().await;
    let plugin = registry.plugin("fake", "alpha").unwrap();
    assert_eq!(plugin.health().await, Health::degraded("slow disk"));
    registry.teardown_all().await.unwrap();
    let health = plugin.health().await;
    assert!(matches!(health, Health::Unhealthy { .. }), "{health:?}");
}

#[test]
fn a_setup_outside_a_runtime_says_so() {
    let registry = registry(Registry::builder().plugin::<Fake<ALPHA>>(), json!({}));
    let mut setup = Box::pin(registry.setup_all());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(setup.as_mut().poll(&mut cx).is_ready());
    drop(setup);
    let (_, message) = reason(&registry, "alpha");
    assert!(message.contains("no tokio runtime"), "{message}");
}

static STAIRS: OnceLock<PluginHandle> = OnceLock::new();

/// Calls itself.
#[derive(Default)]
struct Stairs;

/// Calls itself.
#[plugin(kind = "stairs", name = "down")]
impl Stairs {
    /// Blocks a thread for each step.
    #[hook(execution_model = "thread_cpu_bound")]
    fn down(&self, steps: u64) -> Result<u64, HookError> {
        let Some(below) = steps.checked_sub(1) else {
            return Ok(0);
        };
        let plugin = STAIRS.get().expect("it is set up");
        let ctx = HookContext::default();
        let called = plugin.call("down", &ctx, json!({ "steps": below }));
        let called = tokio::runtime::Handle::current().block_on(called)?;
        Ok(called.as_u64().unwrap_or_default() + 1)
    }
}

#[tokio::test]
async fn hooks_on_threads_may_wait_for_each_other_deeper_than_there_are_cores() {
    let registry = registry(Registry::builder().plugin::<Stairs>(), json!({}));
    assert!(registry.setup_all().await.all_ready());
    let plugin = STAIRS.get_or_init(|| registry.plugin("stairs", "down").unwrap());
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    let args = json!({ "steps": (4 * cores).min(200) });
    let ctx = HookContext::new();
    let called = tokio::time::timeout(PATIENCE, plugin.call("down", &ctx, args.clone()));
    assert_eq!(called.await.unwrap(), Ok(args["steps"].clone()));
}
