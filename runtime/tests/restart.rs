//! Processes that end by themselves.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/server.rs"]
mod server;
#[path = "common/typed.rs"]
mod typed;

use std::path::Path;
use std::time::Duration;

use dagstack_runtime::{
    Health, HookContext, PluginHandle, PluginStatus, Registry, RegistryBuilder, RestartPolicy,
    State, StdioCommand, code,
};
use serde_json::{Value, json};
use typed::Changing;

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);
const AT_ONCE: Duration = Duration::from_millis(1);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

fn builder(command: StdioCommand) -> RegistryBuilder {
    Registry::builder()
        .executable("fake", "child", command)
        .restart(RestartPolicy::default().delays(AT_ONCE, AT_ONCE))
}

async fn start(builder: RegistryBuilder) -> Registry {
    let registry = builder.build().unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

fn child(registry: &Registry) -> PluginHandle {
    registry.plugin("fake", "child").unwrap()
}

/// Waits for a status; there is no event for it outside the registry.
async fn status(registry: &Registry, wanted: impl Fn(&PluginStatus) -> bool) -> PluginStatus {
    let found = async {
        loop {
            let status = registry.status().remove(0);
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(status) => status,
        Err(_) => panic!("{:?}", registry.status()),
    }
}

async fn die(registry: &Registry) {
    let error = child(registry)
        .call("die", &HookContext::new(), Value::Null)
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::TRANSPORT);
    assert!(error.message().contains("exit code 5"), "{error}");
}

fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test]
async fn a_process_that_ends_is_started_again_with_the_config_of_now() {
    let config = Changing::new(json!({ "fake": { "child": { "size": 1 } } }));
    let registry = start(builder(server::command("")).config(config.clone())).await;
    let (old, ctx) = (child(&registry), HookContext::new());
    let pid = old.pid().unwrap();
    config.set(json!({ "fake": { "child": { "size": 2 } } }));
    let waiting = old.call("wait", &ctx, Value::Null);
    let (waiting, ()) = tokio::join!(waiting, die(&registry));
    assert_eq!(waiting.unwrap_err().code(), code::TRANSPORT);

    let now = status(&registry, |it| it.restarts == 1).await;
    assert_eq!((&now.state, now.generation), (&State::Ready, 2));
    assert_ne!(now.pid, Some(pid));
    assert!(now.last_error.unwrap().message.contains("exit code 5"));
    let value = child(&registry)
        .call("echo", &ctx, Value::Null)
        .await
        .unwrap();
    assert_eq!(value["config"], json!({ "size": 2 }));
    // Nobody asked for the restart, so the handle sees it through.
    let value = old.call("echo", &ctx, Value::Null).await.unwrap();
    assert_eq!(value["config"], json!({ "size": 2 }));
    assert_eq!(old.pid(), now.pid);
    assert_eq!(old.health().await, Health::degraded("so so"));

    die(&registry).await;
    assert_eq!(status(&registry, |it| it.restarts == 2).await.generation, 3);
    registry.teardown_all().await.unwrap();
    assert_eq!(child(&registry).state(), State::Registered);
}

#[tokio::test]
async fn a_handle_follows_restarts_and_ends_with_a_reload() {
    let registry = start(builder(server::command(""))).await;
    let (kept, ctx) = (child(&registry), HookContext::new());
    for restarts in 1..=2 {
        die(&registry).await;
        status(&registry, |it| it.restarts == restarts).await;
        assert!(kept.call("echo", &ctx, Value::Null).await.is_ok());
    }
    let last = child(&registry);
    registry.reload("child").await.unwrap();
    for old in [&kept, &last] {
        let error = old.call("echo", &ctx, Value::Null).await.unwrap_err();
        assert_eq!(error.code(), code::UNAVAILABLE, "{error}");
        assert!(error.message().contains("ask the registry"), "{error}");
    }
    // Those of the new instance do not bring the old ones back.
    let fresh = child(&registry);
    die(&registry).await;
    status(&registry, |it| it.generation == 5).await;
    assert!(fresh.call("echo", &ctx, Value::Null).await.is_ok());
    assert!(kept.call("echo", &ctx, Value::Null).await.is_err());
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_process_that_ends_again_and_again_is_given_up() {
    let policy = RestartPolicy::default()
        .delays(AT_ONCE, AT_ONCE)
        .at_most(2, Duration::from_secs(600));
    let registry = start(builder(server::command("")).restart(policy)).await;
    for restarts in 1..=2 {
        die(&registry).await;
        status(&registry, |it| it.restarts == restarts).await;
    }
    die(&registry).await;
    let end = status(&registry, |it| {
        let reason = it.state.reason();
        reason.is_some_and(|reason| reason.message.contains("not started again"))
    });
    let end = end.await;
    assert_eq!((end.restarts, end.pid), (2, None));
    let reason = end.state.reason().unwrap();
    assert_eq!(reason.code, "process_ended");
    assert!(
        reason.message.contains("2 restarts within 600s"),
        "{reason}"
    );
    let error = child(&registry)
        .call("echo", &HookContext::new(), Value::Null)
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    // Somebody has mended it.
    assert_eq!(registry.reload("child").await.unwrap().state, State::Ready);
    die(&registry).await;
    status(&registry, |it| it.restarts == 3 && it.state == State::Ready).await;
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_start_that_fails_counts_as_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    std::fs::write(&starts, "first\n").unwrap();
    let command = server::command("").env(server::STARTS, &starts);
    let registry = start(builder(command)).await;
    die(&registry).await;
    let end = status(&registry, |it| {
        let reason = it.state.reason();
        reason.is_some_and(|reason| reason.message.contains("after 5 restarts"))
    });
    let end = end.await;
    let reason = end.state.reason().unwrap();
    assert!(reason.message.contains("exit code 6"), "{reason}");
    assert_eq!(end.restarts, 0);
}

#[tokio::test]
async fn a_process_that_is_torn_down_is_not_started_again() {
    let (long, most) = (Duration::from_secs(3600), Duration::from_secs(3600));
    let policy = RestartPolicy::default().delays(long, most);
    let registry = start(builder(server::command("")).restart(policy)).await;
    die(&registry).await;
    let waiting = status(&registry, |it| {
        let reason = it.state.reason();
        reason.is_some_and(|reason| reason.message.contains("restart 1 of 5"))
    });
    waiting.await;
    // A setup does not wait for the restart.
    assert!(registry.setup_all().await.all_ready());
    assert_eq!(registry.status()[0].restarts, 0);
    die(&registry).await;
    let waiting = status(&registry, |it| {
        let reason = it.state.reason();
        reason.is_some_and(|reason| reason.message.contains("restart 1 of 5"))
    });
    waiting.await;
    registry.teardown_all().await.unwrap();
    assert_eq!(child(&registry).state(), State::Registered);

    // Nor one whose restart is just under way.
    let registry = start(builder(server::command(""))).await;
    die(&registry).await;
    registry.teardown_all().await.unwrap();
    assert_eq!(child(&registry).pid(), None);
    let settled = status(&registry, |it| it.pid.is_none()).await;
    assert!(!settled.state.is_callable());
}

#[tokio::test]
async fn one_that_is_not_to_be_started_again_stays_down() {
    let registry = start(builder(server::command("")).restart(RestartPolicy::never())).await;
    die(&registry).await;
    let end = status(&registry, |it| {
        let reason = it.state.reason();
        reason.is_some_and(|reason| reason.message.contains("`reload` or `setup_all()`"))
    });
    assert_eq!(end.await.restarts, 0);
}

#[tokio::test]
async fn a_registry_that_is_dropped_starts_nothing_again() {
    let registry = start(builder(server::command(""))).await;
    let pid = child(&registry).pid().unwrap();
    drop(registry);
    let gone = async {
        while exists(pid) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn an_executable_says_its_version_and_capabilities() {
    let registry = start(builder(server::command(""))).await;
    let status = registry.status().remove(0);
    assert_eq!(status.version.as_deref(), Some("1.2.3"));
    assert_eq!(status.capabilities, ["pii_handling"]);
    registry.teardown_all().await.unwrap();
    let foreign = start(builder(server::command("foreign"))).await;
    assert_eq!(foreign.status()[0].version.as_deref(), Some("1"));
}
