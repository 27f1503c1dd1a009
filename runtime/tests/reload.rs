//! Replacing a plugin by a fresh instance.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/server.rs"]
mod server;
#[path = "common/typed.rs"]
mod typed;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dagstack_runtime::{
    HookContext, PluginName, PluginRef, PluginRegistryError, Registry, State, code,
};
use serde_json::{Value, json};
use typed::{BY_KIND, Changing, Fake, LONELY, OTHER_PLAIN, PLAIN, Typed, control};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

fn of_plain(section: Value) -> Value {
    json!({ "fake": { "plain": section } })
}

/// A registry with the plugin `plain` and its config.
async fn plain(section: Value) -> (Registry, Changing) {
    let config = Changing::new(of_plain(section));
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<LONELY>>()
        .config(config.clone())
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    (registry, config)
}

async fn echo(registry: &Registry) -> Value {
    let plain = registry.plugin("fake", "plain").unwrap();
    let args = json!({ "text": "hi" });
    plain.call("echo", &HookContext::new(), args).await.unwrap()
}

fn state(registry: &Registry) -> State {
    registry.plugin("fake", "plain").unwrap().state()
}

#[tokio::test]
async fn a_reload_brings_a_fresh_instance_with_the_config_of_now() {
    let (registry, config) = plain(json!({ "size": 1 })).await;
    let (ctx, old) = (
        HookContext::new(),
        registry.plugin("fake", "plain").unwrap(),
    );
    config.set(of_plain(json!({ "size": 2 })));
    let status = registry.reload("plain").await.unwrap();
    assert_eq!(status.state, State::Ready);
    assert_eq!(status.generation, 2);
    assert_eq!(echo(&registry).await["config"], json!({ "size": 2 }));
    let error = old.call("echo", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("another instance"), "{error}");

    for (reference, generation) in [
        (PluginRef::from("fake.plain"), 3),
        (PluginRef::from(("fake", "plain")), 4),
        (PluginRef::from(PluginName::new("fake", "plain")), 5),
    ] {
        let status = registry.reload(reference).await.unwrap();
        assert_eq!(status.generation, generation);
    }
    let lonely = registry.plugin("fake", "lonely").unwrap();
    assert!(lonely.call("echo", &ctx, Value::Null).await.is_ok());
    registry.teardown_all().await.unwrap();
    // One that is down is set up.
    assert_eq!(registry.reload("plain").await.unwrap().state, State::Ready);
}

#[tokio::test]
async fn a_name_must_fit_one_plugin() {
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<OTHER_PLAIN>>()
        .build()
        .unwrap();
    let error = registry.reload("plain").await.unwrap_err();
    assert_eq!(error.code(), "ambiguous_plugin");
    assert!(
        error.to_string().contains("`fake.plain`, `other.plain`"),
        "{error}"
    );
    assert!(registry.reload("other.plain").await.is_ok());
    for wrong in ["plian", "fake.plian", "fake.plain.x", ""] {
        let error = registry.reload(wrong).await.unwrap_err();
        assert_eq!(error.code(), "plugin_not_found", "{wrong}");
    }
    let error = registry.reload("plian").await.unwrap_err();
    assert!(
        error.to_string().contains("did you mean `fake.plain`?"),
        "{error}"
    );
}

#[tokio::test]
async fn a_setup_that_fails_is_a_state_and_the_others_go_on() {
    let (registry, config) = plain(json!({})).await;
    config.set(of_plain(json!({ "setup": "fail" })));
    let error = registry.reload("plain").await.unwrap_err();
    assert_eq!(error.code(), "plugin_load_error");
    assert!(error.to_string().contains("no luck"), "{error}");
    assert!(matches!(state(&registry), State::Unavailable(_)));
    let lonely = registry.plugin("fake", "lonely").unwrap();
    let ctx = HookContext::new();
    assert!(lonely.call("echo", &ctx, Value::Null).await.is_ok());
    config.set(of_plain(json!({})));
    assert_eq!(registry.reload("plain").await.unwrap().state, State::Ready);
}

#[tokio::test]
async fn what_is_wrong_beforehand_leaves_the_old_instance_as_it_is() {
    let (registry, config) = plain(json!({})).await;
    let old = registry.plugin("fake", "plain").unwrap();
    for (tree, expected) in [
        (Value::Null, "config_source_failed"),
        (of_plain(json!(3)), "config_invalid"),
    ] {
        config.set(tree);
        let error = registry.reload("plain").await.unwrap_err();
        assert_eq!(error.code(), expected);
        let ctx = HookContext::new();
        assert!(old.call("echo", &ctx, Value::Null).await.is_ok());
    }
    let dependent = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<BY_KIND>>()
        .build()
        .unwrap();
    let error = dependent.reload("by-kind").await.unwrap_err();
    assert_eq!(error.code(), "dependency_unavailable");
}

#[tokio::test]
async fn what_cannot_come_back_in_this_process_is_not_torn_down_twice() {
    for (teardown, state_then, first) in [
        ("restart", State::RequiresRestart, "plugin_unavailable"),
        ("hang", State::Leaked, "timeout"),
    ] {
        let (registry, _) = plain(json!({ "teardown": teardown })).await;
        let error = registry.reload("plain").await.unwrap_err();
        assert_eq!(error.code(), first);
        assert_eq!(state(&registry), state_then);
        let error = registry.reload("plain").await.unwrap_err();
        assert_eq!(error.code(), "plugin_unavailable");
        assert!(error.to_string().contains("restart the host"), "{error}");
        let _ = registry.setup_all().await;
        assert_eq!(state(&registry), state_then);
    }
    // Nor does it where typed handles keep the old value, too.
    let (registry, _) = plain(json!({ "teardown": "restart" })).await;
    let old = registry.get::<dyn Fake>("plain").unwrap();
    let error = registry.reload("plain").await.unwrap_err();
    assert_eq!(error.code(), "plugin_unavailable");
    assert_eq!(state(&registry), State::RequiresRestart);
    drop(old);
    // A teardown that fails has at least come back.
    let (registry, _) = plain(json!({ "teardown": "fail" })).await;
    assert_eq!(registry.reload("plain").await.unwrap().state, State::Ready);
}

#[tokio::test]
async fn a_typed_handle_that_is_kept_does_not_hold_the_new_instance_up() {
    let (registry, _) = plain(json!({ "control": "kept by reload" })).await;
    let old = registry.get::<dyn Fake>("plain").unwrap();
    let status = registry.reload("plain").await.unwrap();
    assert_eq!(status.state, State::Ready);
    assert_eq!(status.last_error.unwrap().code, "leak_detected");
    assert_eq!(control("kept by reload").alive(), 2);
    let ctx = HookContext::new();
    let error = old.echo(&ctx, "x".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    let new = registry.get::<dyn Fake>("plain").unwrap();
    assert!(new.echo(&ctx, "x".to_owned()).await.is_ok());
    drop((old, new));
    assert_eq!(control("kept by reload").alive(), 1);
    registry.teardown_all().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_during_reloads_ends_in_a_value_or_an_error() {
    let (registry, _) = plain(json!({ "control": "many calls" })).await;
    let ctx = HookContext::new();
    let (good, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..4000 {
        let (registry, ctx) = (registry.clone(), ctx.clone());
        let (good, refused) = (Arc::clone(&good), Arc::clone(&refused));
        calls.spawn(async move {
            let outcome = if number % 2 == 0 {
                match registry.get::<dyn Fake>("plain") {
                    Ok(plain) => plain.echo(&ctx, "yield".to_owned()).await,
                    Err(error) => Err(error.into()),
                }
            } else {
                let plain = registry.plugin("fake", "plain").unwrap();
                plain.call("echo", &ctx, json!({ "text": "yield" })).await
            };
            match outcome {
                Ok(value) => {
                    assert_eq!(value, "yield");
                    good.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => {
                    assert_eq!(error.code(), code::UNAVAILABLE, "{error}");
                    refused.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    }
    let reloads = async {
        for _ in 0..20 {
            // A call may just have a typed handle; that is no failure of a reload.
            registry.reload("plain").await.unwrap();
        }
    };
    let all = async { while calls.join_next().await.is_some_and(|call| call.is_ok()) {} };
    let both = async { tokio::join!(reloads, all) };
    tokio::time::timeout(PATIENCE, both).await.unwrap();
    let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
    assert_eq!(count(&good) + count(&refused), 4000);
    assert!(count(&good) > 0);
    assert_eq!(control("many calls").alive(), 1);
    let plain = registry.plugin("fake", "plain").unwrap();
    assert!(plain.call("echo", &ctx, Value::Null).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setups_reloads_and_teardowns_wait_for_each_other() {
    let (registry, _) = plain(json!({ "control": "take turns" })).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let registry = registry.clone();
        tasks.spawn(async move {
            match number % 3 {
                0 => drop(registry.setup_all().await),
                1 => drop(registry.reload("plain").await),
                _ => drop(registry.teardown_all().await),
            }
        });
    }
    let all = async { while tasks.join_next().await.is_some_and(|it| it.is_ok()) {} };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    assert!(registry.setup_all().await.all_ready());
    assert_eq!(control("take turns").alive(), 1);
    registry.teardown_all().await.unwrap();
    assert_eq!(control("take turns").alive(), 0);
}

#[tokio::test]
async fn a_reload_that_is_given_up_can_be_taken_up_again() {
    let (registry, _) = plain(json!({ "teardown": "fail", "control": "given up" })).await;
    for polls in 0..30 {
        let mut reload = Box::pin(registry.reload("plain"));
        for _ in 0..polls {
            tokio::select! {
                biased;
                _ = &mut reload => break,
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(registry.reload("plain").await.unwrap().state, State::Ready);
    let one_left = async {
        while control("given up").alive() != 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, one_left).await.unwrap();
}

#[tokio::test]
async fn a_subprocess_is_reloaded_as_a_new_process_whatever_it_kept() {
    let config = Changing::new(json!({ "fake": { "child": { "size": 1 } } }));
    let registry = Registry::builder()
        .executable("fake", "child", server::command(""))
        .config(config.clone())
        .build()
        .unwrap();
    assert!(registry.setup_all().await.all_ready());
    let old = registry.plugin("fake", "child").unwrap();
    let (ctx, pid) = (HookContext::new(), old.pid().unwrap());
    // A call on its way ends, and a new one is refused.
    let waiting = old.call("wait", &ctx, Value::Null);
    config.set(json!({ "fake": { "child": { "size": 2 } } }));
    // It says `requires_restart` of its teardown: a new process is just that. The wait is bounded
    // by the time for teardowns, which is long here, so the caller gives up first.
    let reload = async {
        tokio::task::yield_now().await;
        registry.reload("child").await
    };
    let caller = tokio::time::timeout(Duration::from_millis(50), waiting);
    let (gave_up, reloaded) = tokio::join!(caller, reload);
    assert!(gave_up.is_err());
    let status = reloaded.unwrap();
    assert_eq!((status.state, status.generation), (State::Ready, 2));
    assert_ne!(status.pid, Some(pid));
    let error = old.call("echo", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    let new = registry.plugin("fake", "child").unwrap();
    let value = new.call("echo", &ctx, Value::Null).await.unwrap();
    assert_eq!(value["config"], json!({ "size": 2 }));
    registry.teardown_all().await.unwrap();
}

#[test]
fn a_reload_outside_a_runtime_says_so() {
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .build()
        .unwrap();
    let mut reload = Box::pin(registry.reload("plain"));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match reload.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(Err(error @ PluginRegistryError::PluginUnavailable { .. })) => {
            assert!(error.to_string().contains("no tokio runtime"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_start_that_panics_is_a_reason_for_a_reload_as_for_a_setup() {
    let without_timers = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    without_timers.block_on(async {
        let registry = Registry::builder()
            .plugin::<Typed<PLAIN>>()
            .no_health_checks()
            .build()
            .unwrap();
        let report = registry.setup_all().await;
        assert!(report.to_string().contains("enable_all"), "{report}");
        let error = registry.reload("plain").await.unwrap_err();
        assert!(error.to_string().contains("enable_all"), "{error}");
        assert!(matches!(state(&registry), State::Unavailable(_)));
    });
}
