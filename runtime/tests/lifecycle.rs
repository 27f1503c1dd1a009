//! Leaks, health checks and peers.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/typed.rs"]
mod typed;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dagstack_runtime::{
    Health, HookContext, MemoryConfig, PluginHandle, PluginRegistryError, Registry,
    RegistryBuilder, State, code,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use typed::{
    BY_KIND, BY_NAME, Check, Control, Fake, LONELY, NARCISSUS, OTHER_PLAIN, PLAIN, Typed, control,
};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry with the plugin `plain`, set up, and its control.
async fn plain(test: &str, builder: RegistryBuilder) -> (Registry, Arc<Control>) {
    let registry = builder
        .plugin::<Typed<PLAIN>>()
        .config(MemoryConfig::new(
            json!({ "fake": { "plain": { "control": test, "password": "hunter22" } } }),
        ))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    (registry, control(test))
}

fn by_hand() -> RegistryBuilder {
    Registry::builder().no_health_checks()
}

fn handle(registry: &Registry) -> PluginHandle {
    registry.plugin("fake", "plain").unwrap()
}

fn typed(registry: &Registry) -> Arc<dyn Fake> {
    registry.get::<dyn Fake>("plain").unwrap()
}

#[test]
fn a_plugin_that_depends_on_itself_is_a_circle() {
    let error = Registry::builder()
        .plugin::<Typed<NARCISSUS>>()
        .build()
        .unwrap_err();
    let PluginRegistryError::DependencyCycle { edges } = &error else {
        panic!("{error}");
    };
    assert_eq!(edges.len(), 1);
    assert!(
        error
            .to_string()
            .contains("`fake.narcissus` needs `fake.narcissus`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_typed_handle_that_is_kept_is_a_leak_until_it_is_dropped() {
    let (registry, control) = plain("leak", by_hand()).await;
    let kept = (typed(&registry), typed(&registry));
    let error = registry.teardown_all().await.unwrap_err();
    let PluginRegistryError::TeardownErrors { errors } = &error else {
        panic!("{error}");
    };
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].1.code(), "leak_detected");
    assert_eq!(control.alive(), 1);
    assert_eq!(handle(&registry).state(), State::Leaked);
    let status = registry.status();
    assert_eq!(status[0].last_error.as_ref().unwrap().code, "leak_detected");
    let late = kept.0.echo(&HookContext::new(), "x".to_owned()).await;
    assert!(late.unwrap_err().message().contains("typed handles"));
    // Not set up beside the old value.
    let report = registry.setup_all().await;
    assert_eq!(report.plugins[0].state, State::Leaked);

    drop(kept);
    assert_eq!(control.alive(), 0);
    assert_eq!(handle(&registry).state(), State::Registered);
    assert!(registry.setup_all().await.all_ready());
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn an_untyped_handle_may_be_kept() {
    let (registry, control) = plain("untyped", by_hand()).await;
    let kept = handle(&registry);
    drop(typed(&registry));
    registry.teardown_all().await.unwrap();
    assert_eq!(kept.state(), State::Registered);
    drop(kept);
    assert_eq!(control.alive(), 0);
}

#[tokio::test]
async fn what_is_on_its_way_ends_with_the_teardown() {
    let (registry, _) = plain("in-flight", by_hand()).await;
    let (untyped, ctx) = (handle(&registry), HookContext::new());
    let args = json!({ "text": "wait" });
    let calls = async {
        let native = typed(&registry);
        tokio::join!(
            native.echo(&ctx, "wait".to_owned()),
            untyped.call("echo", &ctx, args)
        )
    };
    let teardown = async {
        tokio::task::yield_now().await;
        registry.teardown_all().await
    };
    let both = async { tokio::join!(calls, teardown) };
    let ((typed, untyped), torn_down) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    for error in [typed.unwrap_err(), untyped.unwrap_err()] {
        assert_eq!(error.code(), code::UNAVAILABLE);
    }
    torn_down.unwrap();
}

fn sick(reason: &str) -> Check {
    Check::Says(Health::unhealthy(reason))
}

async fn checked(registry: &Registry) -> State {
    registry.check_health().await.remove(0).state
}

#[tokio::test]
async fn three_failed_checks_in_a_row_take_a_plugin_out_of_use_and_one_that_succeeds_brings_it_back()
 {
    let (registry, control) = plain("health", by_hand()).await;
    let (untyped, native, ctx) = (handle(&registry), typed(&registry), HookContext::new());
    let call = async || {
        let typed = native.echo(&ctx, "x".to_owned()).await;
        let untyped = untyped.call("echo", &ctx, json!({})).await;
        assert_eq!(typed.is_ok(), untyped.is_ok());
        typed.map(drop).map_err(|error| error.code().to_owned())
    };
    let slow = Check::Says(Health::degraded("slow for hunter22"));
    control.will([sick("1"), sick("2"), slow, sick("3"), sick("4"), sick("5")]);
    for expected in ["degraded", "degraded", "degraded", "degraded", "degraded"] {
        assert_eq!(checked(&registry).await.as_str(), expected);
        assert_eq!(call().await, Ok(()));
    }
    let State::Unavailable(reason) = checked(&registry).await else {
        panic!("{:?}", untyped.state());
    };
    assert_eq!(reason.code, "unhealthy");
    assert!(reason.message.contains("the last one: 5"), "{reason}");
    assert_eq!(call().await, Err(code::UNAVAILABLE.to_owned()));
    assert!(registry.get::<dyn Fake>("plain").is_err());
    // A setup does not start a second instance.
    let _ = registry.setup_all().await;
    assert_eq!(control.instances.load(Ordering::SeqCst), 1);

    control.will([Check::Says(Health::Healthy)]);
    let status = registry.check_health().await.remove(0);
    assert_eq!(status.state, State::Ready);
    assert_eq!(status.last_health.unwrap().health, Health::Healthy);
    assert_eq!(status.last_error.unwrap().code, "unhealthy");
    assert_eq!(call().await, Ok(()));
    drop(native);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn what_a_check_says_is_shown_without_secrets() {
    let (registry, control) = plain("secret", by_hand()).await;
    control.will([Check::Says(Health::degraded("slow for hunter22"))]);
    let state = checked(&registry).await;
    assert!(!format!("{state:?}").contains("hunter22"), "{state:?}");
    assert_eq!(state.as_str(), "degraded");
    let status = registry.status();
    assert!(!serde_json::to_string(&status).unwrap().contains("hunter22"));
}

#[tokio::test]
async fn a_check_that_hangs_or_blocks_has_failed() {
    for (key, check) in [("hangs", Check::Hangs), ("blocks", Check::Blocks)] {
        let (registry, control) =
            plain(key, by_hand().health_timeout(Duration::from_millis(20))).await;
        control.will([check]);
        for expected in ["degraded", "degraded", "unavailable"] {
            assert_eq!(checked(&registry).await.as_str(), expected, "{key}");
        }
        let reason = handle(&registry).reason().unwrap();
        assert!(reason.message.contains("within 20ms"), "{reason}");
        let torn_down = registry.teardown_all().await;
        // The thread that blocks has the plugin.
        let leaked = key == "blocks";
        assert_eq!(torn_down.is_err(), leaked, "{torn_down:?}");
        assert_eq!(handle(&registry).state() == State::Leaked, leaked);
    }
}

#[tokio::test]
async fn a_teardown_does_not_wait_for_a_check_that_hangs() {
    let (registry, control) = plain("hangs at teardown", by_hand()).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    *control.checked.lock().unwrap() = Some(tell);
    control.will([Check::Hangs]);
    let teardown = async {
        told.recv().await;
        registry.teardown_all().await
    };
    let both = async { tokio::join!(registry.check_health(), teardown) };
    let (_, torn_down) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    torn_down.unwrap();
    assert_eq!(handle(&registry).state(), State::Registered);
    assert_eq!(control.alive(), 0);
}

#[tokio::test]
async fn a_teardown_that_is_given_up_is_finished_by_the_next_setup() {
    let (registry, control) = plain("given up", by_hand()).await;
    let plugin = handle(&registry);
    let ctx = HookContext::new();
    let call = plugin.call("echo", &ctx, json!({ "text": "wait" }));
    let give_up = async {
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            _ = registry.teardown_all() => panic!("the call is still on its way"),
            () = tokio::task::yield_now() => {}
        }
        assert!(registry.setup_all().await.all_ready());
    };
    let (call, ()) = tokio::join!(call, give_up);
    assert_eq!(call.unwrap_err().code(), code::UNAVAILABLE);
    assert_eq!(control.instances.load(Ordering::SeqCst), 2);
    let ctx = HookContext::new();
    assert!(
        handle(&registry)
            .call("echo", &ctx, json!({}))
            .await
            .is_ok()
    );
}

#[test]
fn health_is_asked_from_anywhere() {
    let host = tokio::runtime::Runtime::new().unwrap();
    let (registry, control) = host.block_on(plain("anywhere", by_hand()));
    control.will([Check::Says(Health::degraded("so so"))]);
    // A thread that is no tokio thread, and a runtime without drivers.
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let health = other.block_on(handle(&registry).health());
    assert_eq!(health, Health::degraded("so so"));
}

#[tokio::test]
async fn checks_go_on_in_the_background_until_the_teardown_or_the_end_of_the_registry() {
    for teardown in [true, false] {
        let key = format!("background {teardown}");
        let (tell, mut told) = mpsc::unbounded_channel();
        *control(&key).checked.lock().unwrap() = Some(tell);
        let builder = Registry::builder().health_interval(Duration::from_millis(1));
        let (registry, control) = plain(&key, builder).await;
        control.will([sick("always")]);
        for _ in 0..5 {
            tokio::time::timeout(PATIENCE, told.recv()).await.unwrap();
        }
        // At the latest the check after the fifth has seen it.
        while handle(&registry).state().as_str() != "unavailable" {
            tokio::time::timeout(PATIENCE, told.recv()).await.unwrap();
        }
        if teardown {
            registry.teardown_all().await.unwrap();
        }
        drop(registry);
        // The plugin goes with its registry, and the last check with the plugin.
        *control.checked.lock().unwrap() = None;
        let end = async { while told.recv().await.is_some() {} };
        tokio::time::timeout(PATIENCE, end).await.unwrap();
        let gone = async {
            while control.alive() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.unwrap();
    }
}

#[tokio::test]
async fn a_plugin_reaches_what_it_declares_and_nothing_else() {
    let section = |test: &str| json!({ "control": test });
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<BY_KIND>>()
        .plugin::<Typed<LONELY>>()
        .config(MemoryConfig::new(json!({ "fake": {
            "by-kind": section("peers by kind"),
            "lonely": section("peers lonely"),
        } })))
        .build()
        .unwrap();
    assert!(registry.setup_all().await.all_ready());
    let peers = |key: &str| control(key).peers.lock().unwrap().clone().unwrap();
    let ctx = HookContext::new();

    let declared = peers("peers by kind");
    let plain = declared.get::<dyn Fake>("plain").unwrap();
    let value = plain.echo(&ctx, "hi".to_owned()).await.unwrap();
    assert_eq!(value["text"], "hi");
    drop(plain);
    let plain = declared.plugin("fake", "plain").unwrap();
    let value = plain.call("echo", &ctx, json!({ "text": "hi" })).await;
    assert_eq!(value.unwrap()["text"], "hi");
    drop(plain);
    assert!(declared.has("fake", "plain"));

    let lonely = peers("peers lonely");
    for error in [
        lonely.get::<dyn Fake>("plain").err().unwrap(),
        lonely.plugin("fake", "plain").err().unwrap(),
    ] {
        assert_eq!(error.code(), code::UNDECLARED_DEPENDENCY);
        let mend = "add `{ kind = \"fake\", name = \"plain\" }` to its `depends_on`";
        assert!(error.message().contains(mend), "{error}");
    }
    // Itself neither.
    assert!(!declared.has("fake", "by-kind"));

    registry.teardown_all().await.unwrap();
    let error = declared.get::<dyn Fake>("plain").err().unwrap();
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("not set up"), "{error}");
    drop(registry);
    let error = declared.plugin("fake", "plain").err().unwrap();
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("registry"), "{error}");
}

#[tokio::test]
async fn a_dependency_by_name_alone_is_one_by_kind_too() {
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<BY_NAME>>()
        .config(MemoryConfig::new(
            json!({ "fake": { "by-name": { "control": "peers by name" } } }),
        ))
        .build()
        .unwrap();
    assert!(registry.setup_all().await.all_ready());
    let peers = control("peers by name")
        .peers
        .lock()
        .unwrap()
        .clone()
        .unwrap();
    assert!(peers.get::<dyn Fake>("plain").is_ok());
    assert!(!peers.has("other", "plain"));
    let error = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .plugin::<Typed<OTHER_PLAIN>>()
        .plugin::<Typed<BY_NAME>>()
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "ambiguous_plugin");
}

#[tokio::test]
async fn a_plugin_that_keeps_its_peers_does_not_keep_the_registry() {
    let (registry, control) = plain("weak", Registry::builder()).await;
    // As if the plugin itself had it, which lives in the registry.
    assert!(control.peers.lock().unwrap().is_some());
    drop(registry);
    let gone = async {
        while control.alive() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn the_status_says_it_all() {
    let (registry, _) = plain("status", by_hand().trusted_publishers(["ada@example.org"])).await;
    let status = serde_json::to_value(&registry.status()[0]).unwrap();
    let expected = json!({
        "kind": "fake", "name": "plain", "runtime": "in_process", "version": null,
        "state": "ready", "last_error": null, "capabilities": [], "priority": 0, "pid": null,
        "origin": "linked as plain", "content_hash": null, "trusted": true,
        "generation": 1, "restarts": 0, "last_health": null,
    });
    assert_eq!(status, expected);
    let of = |publishers: &[&str]| {
        let builder = Registry::builder().plugin::<Typed<PLAIN>>();
        let registry = match publishers {
            [] => builder.build(),
            list => builder.trusted_publishers(list.iter().copied()).build(),
        };
        registry.unwrap().status()[0].trusted
    };
    assert_eq!(of(&["Bob"]), Some(false));
    if std::env::var_os("DAGSTACK_PLUGIN_TRUSTED_PUBLISHERS").is_none() {
        assert_eq!(of(&[]), None);
    }
    let _: Value = serde_json::to_value(registry.setup_all().await).unwrap();
}

#[test]
fn a_setup_whose_runtime_has_ended_is_one_that_failed() {
    let host = tokio::runtime::Runtime::new().unwrap();
    let handle = host.handle().clone();
    drop(host);
    let _inside = handle.enter();
    let registry = by_hand().plugin::<Typed<PLAIN>>().build().unwrap();
    let report = dagstack_engine::task::block_on(registry.setup_all());
    let State::Unavailable(reason) = &report.plugins[0].state else {
        panic!("{report}");
    };
    assert!(reason.message.contains("runtime ended"), "{reason}");
}
