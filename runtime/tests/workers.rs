//! `process_cpu_bound` hooks of a linked plugin, in processes of their own.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/server.rs"]
mod server;
#[path = "common/typed.rs"]
mod typed;

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use dagstack_runtime::{
    HookContext, HookError, MemoryConfig, PluginHandle, Registry, RegistryBuilder, Runtime, State,
    code,
};
use serde_json::{Value, json};
use typed::{BY_CHILD, CHILD, Fake, HERMIT, PLAIN, Typed, control};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

const SECRET: &str = "open-sesame-open";

async fn start(builder: RegistryBuilder) -> (Registry, PluginHandle) {
    let registry = builder
        .plugin::<Typed<CHILD>>()
        .config(MemoryConfig::new(json!({
            "fake": {
                "child": { "size": 5, "api_key": SECRET },
                "by-child": { "control": "by-child" },
            },
        })))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let plugin = registry.plugin("fake", "child").unwrap();
    (registry, plugin)
}

fn with_worker(behaviour: &str) -> RegistryBuilder {
    Registry::builder().worker("fake", "child", server::command(behaviour))
}

/// The processes with this behaviour.
fn workers(behaviour: &str) -> HashSet<u32> {
    let wanted = format!("DAGSTACK_TEST_SERVER={behaviour}\0");
    let processes = std::fs::read_dir("/proc").unwrap();
    let pids = processes.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|&pid: &u32| pid != std::process::id())
        .filter(|pid| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ
                .windows(wanted.len())
                .any(|it| it == wanted.as_bytes())
        })
        .collect()
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn long_hooks_run_in_workers_with_the_plugins_config() {
    let (registry, plugin) = start(with_worker("config")).await;
    assert_eq!(plugin.runtime(), Runtime::InProcess);
    // Nobody has called yet.
    assert!(workers("config").is_empty());
    let ctx = HookContext::new();
    let args = json!({ "text": "hi" });
    let value = plugin.call("echo", &ctx, args.clone()).await.unwrap();
    assert_eq!(
        (&value["args"], &value["config"]["size"]),
        (&args, &json!(5))
    );
    let native = registry.get::<dyn Fake>("child").unwrap();
    let value = native.echo(&ctx, "hi".to_owned()).await.unwrap();
    assert_eq!(
        (&value["args"], &value["config"]["size"]),
        (&args, &json!(5))
    );
    drop(native);
    // The second call has found the first one's worker.
    assert_eq!(workers("config").len(), 1);
    let error = plugin.call("fail", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), "no_luck");
    registry.teardown_all().await.unwrap();
    assert!(workers("config").is_empty());
}

#[tokio::test]
async fn a_config_that_changes_while_a_worker_starts_reaches_it() {
    let gate = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gate.local_addr().unwrap().to_string();
    let section =
        |size| json!({ "fake": { "child": { "size": size, "setup_waits_for": address } } });
    let config = MemoryConfig::new(section(1));
    let registry = with_worker("late")
        .plugin::<Typed<CHILD>>()
        .config(config.clone())
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let plugin = registry.plugin("fake", "child").unwrap();
    let ctx = HookContext::new();
    let echo = async || plugin.call("echo", &ctx, json!({})).await.unwrap();
    let change = async {
        let in_setup = tokio::task::spawn_blocking(move || gate.accept());
        let in_setup = in_setup.await.unwrap().unwrap();
        config.set(section(2));
        registry.reload_config().await.unwrap();
        drop(in_setup);
    };
    let (_, ()) = tokio::join!(echo(), change);
    let heard = async { while echo().await["config"]["size"] != 2 {} };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn b20_what_a_worker_says_of_a_callers_input_is_no_oracle() {
    let (registry, plugin) = start(with_worker("oracle")).await;
    let native = registry.get::<dyn Fake>("child").unwrap();
    let ctx = HookContext::new();
    for guess in [SECRET, "open-sesame-shut"] {
        let text = format!("unfit {guess}");
        let typed = native.echo(&ctx, text.clone()).await.unwrap_err();
        assert_eq!(typed.message(), format!("found \"{text}\""));
        let args = json!({ "text": text });
        let by_json = plugin.call("echo", &ctx, args).await.unwrap_err();
        assert_eq!(by_json, typed);
    }
    drop(native);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn b25_a_long_hook_that_is_not_exposed_runs_on_a_thread() {
    let builder = with_worker("own").plugin::<Typed<BY_CHILD>>();
    let (registry, plugin) = start(builder).await;
    let ctx = HookContext::new();
    let args = json!({ "text": "hi" });
    let peers = control("by-child").peers.lock().unwrap().clone().unwrap();
    let child = peers.plugin("fake", "child").unwrap();
    let value = child.call("own", &ctx, args.clone()).await.unwrap();
    assert_eq!(value["text"], "hi");
    let error = plugin.call("own", &ctx, args).await.unwrap_err();
    assert_eq!(error.code(), code::NOT_EXPOSED);
    assert!(workers("own").is_empty());
    registry.teardown_all().await.unwrap();
    // With nothing else to run there, no executable is asked for.
    let registry = Registry::builder().plugin::<Typed<HERMIT>>();
    assert!(registry.build().unwrap().setup_all().await.all_ready());
}

#[tokio::test]
async fn a_worker_that_crashes_fails_its_call_and_is_replaced() {
    let (registry, plugin) = start(with_worker("crashes")).await;
    let ctx = HookContext::new();
    for _ in 0..3 {
        let error = plugin.call("die", &ctx, Value::Null).await.unwrap_err();
        assert_eq!(error.code(), code::TRANSPORT);
        assert!(error.message().contains("exit code 5"), "{error}");
        assert!(plugin.call("echo", &ctx, Value::Null).await.is_ok());
    }
    assert_eq!(plugin.state(), State::Ready);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn each_worker_has_one_call_at_a_time_and_there_are_only_so_many() {
    let (registry, plugin) = start(with_worker("crowd").worker_processes(2)).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let plugin = plugin.clone();
        calls.spawn(async move { plugin.call("echo", &HookContext::new(), Value::Null).await });
    }
    while let Some(call) = calls.join_next().await {
        assert!(call.unwrap().is_ok());
    }
    assert_eq!(workers("crowd").len(), 2);
    drop((registry, plugin));
    until(|| workers("crowd").is_empty()).await;
}

#[tokio::test]
async fn a_worker_whose_caller_gives_up_is_killed() {
    let (registry, plugin) = start(with_worker("given-up").worker_processes(1)).await;
    let ctx = HookContext::new().with_timeout(Duration::from_millis(200));
    let error = plugin.call("wait", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
    until(|| workers("given-up").is_empty()).await;
    // Its place is free again.
    let ctx = HookContext::new();
    assert!(plugin.call("echo", &ctx, Value::Null).await.is_ok());
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_teardown_ends_workers_that_are_busy() {
    let (registry, plugin) = start(with_worker("busy")).await;
    let ctx = HookContext::new();
    let teardown = async {
        until(|| !workers("busy").is_empty()).await;
        registry.teardown_all().await
    };
    let call = plugin.call("wait", &ctx, Value::Null);
    let (call, torn_down) = tokio::join!(call, teardown);
    assert_eq!(call.unwrap_err().code(), code::UNAVAILABLE);
    torn_down.unwrap();
    until(|| workers("busy").is_empty()).await;
    let late = plugin.call("echo", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(late.code(), code::UNAVAILABLE);
}

#[tokio::test]
async fn a_worker_that_does_not_start_is_the_error_of_the_call() {
    let error_of = async |builder: RegistryBuilder| -> HookError {
        let (_registry, plugin) = start(builder).await;
        let ctx = HookContext::new();
        plugin.call("echo", &ctx, Value::Null).await.unwrap_err()
    };
    let missing = Registry::builder().worker("fake", "child", "/no/such/program");
    let error = error_of(missing).await;
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("/no/such/program"), "{error}");
    let error = error_of(with_worker("die")).await;
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("exit code 3"), "{error}");
}

#[test]
fn calls_in_workers_need_no_runtime_of_their_own() {
    let host = tokio::runtime::Runtime::new().unwrap();
    let (registry, plugin) = host.block_on(start(with_worker("elsewhere")));
    // A thread that is no tokio thread.
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ctx = HookContext::new();
    let value = other.block_on(plugin.call("echo", &ctx, Value::Null));
    assert!(value.is_ok(), "{value:?}");
    host.block_on(registry.teardown_all()).unwrap();
}

#[tokio::test]
async fn without_an_executable_the_plugin_says_how_to_give_it_one() {
    let registry = Registry::builder()
        .plugin::<Typed<CHILD>>()
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "runtime_not_supported");
    let mend = ".worker(\"fake\", \"child\", path)";
    assert!(reason.message.contains(mend), "{reason}");
    // A worker that nobody needs is no harm.
    let registry = Registry::builder()
        .plugin::<Typed<PLAIN>>()
        .worker("fake", "plain", server::command("unused"))
        .worker("fake", "nobody", server::command("unused"))
        .build()
        .unwrap();
    assert!(registry.setup_all().await.all_ready());
}

/// A manifest of the plugin that is linked here, with a command for it.
fn manifest(folder: &Path, runtimes: &Value) {
    let text = format!(
        "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nname = \"child\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nruntime = {runtimes}\nentry_point = \"child\"\ncommand = {}\n\n[plugin.env]\nDAGSTACK_TEST_SERVER = \"discovered\"\n",
        json!(server::words())
    );
    std::fs::write(folder.join("dagstack.toml"), text).unwrap();
}

#[tokio::test]
async fn the_command_of_a_manifest_is_the_worker_of_the_plugin_it_names() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path(), &json!(["in_process", "mcp_stdio"]));
    let (registry, plugin) = start(Registry::builder().discover(folder.path())).await;
    assert_eq!(plugin.runtime(), Runtime::InProcess);
    let ctx = HookContext::new();
    let value = plugin.call("echo", &ctx, Value::Null).await.unwrap();
    assert_eq!(value["config"]["size"], 5);
    assert_eq!(workers("discovered").len(), 1);
    registry.teardown_all().await.unwrap();
    assert!(workers("discovered").is_empty());
}
