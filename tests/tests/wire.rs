//! What crosses between a host and a plugin is the same whether the plugin is linked or an executable:
//! behaviours 7, 10, 11 and 25.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use dagstack_plugin::kinds::Tool;
use dagstack_plugin::testing::{self, TestPlugin};
use dagstack_plugin::{ProgressReport, code};
use dagstack_runtime::{HookContext, HookError, PluginHandle, Registry, StdioCommand};
use dagstack_tests::wired::{Peer, Wired};
use serde_json::{Value, json};

fn executable() -> PathBuf {
    env!("CARGO_BIN_EXE_wired").into()
}

async fn ready(registry: Registry) -> Registry {
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

/// Hosts of the linked plugin and of the executable.
async fn both() -> [Registry; 2] {
    let linked = Registry::builder().plugin::<Wired>().build();
    let command = StdioCommand::new([executable()]);
    let elsewhere = Registry::builder()
        .executable("tool", "wired", command)
        .build();
    [
        ready(linked.expect("it is one plugin")).await,
        ready(elsewhere.expect("it is one plugin")).await,
    ]
}

fn plugin(registry: &Registry) -> PluginHandle {
    registry.plugin("tool", "wired").expect("it is ready")
}

/// What both answer.
async fn agreed(hosts: &[Registry; 2], hook: &str, args: Value) -> Result<Value, HookError> {
    let ctx = HookContext::default();
    let linked = plugin(&hosts[0]).call(hook, &ctx, args.clone()).await;
    let elsewhere = plugin(&hosts[1]).call(hook, &ctx, args).await;
    assert_eq!(linked, elsewhere, "`{hook}`");
    linked
}

async fn end(hosts: [Registry; 2]) {
    for host in hosts {
        host.teardown_all().await.expect("nothing holds them");
    }
}

#[tokio::test]
async fn b07_b10_texts_and_raw_json_arrive_as_they_were() {
    let hosts = both().await;
    for text in ["", "a \"b\"\nc\\", "[1]"] {
        assert_eq!(
            agreed(&hosts, "text", json!({ "text": text })).await,
            Ok(json!(text))
        );
    }
    let pretty =
        serde_json::to_string_pretty(&json!({ "a": ["b\n", 1.5], "c": {} })).expect("JSON");
    let value: Value = serde_json::from_str(&pretty).expect("JSON");
    let raw = agreed(&hosts, "raw", json!({ "json": pretty })).await;
    assert_eq!(raw, Ok(json!({ "json": value })));
    end(hosts).await;
}

#[tokio::test]
async fn b11_results_and_details_nest_alike() {
    let hosts = both().await;
    let result = agreed(&hosts, "nested", json!({ "levels": 120 })).await;
    assert_eq!(
        result.expect("it fits").to_string().matches('[').count(),
        120
    );
    for levels in [121, 500] {
        let error = agreed(&hosts, "nested", json!({ "levels": levels })).await;
        let error = error.expect_err("it is too deep");
        assert_eq!(error.code(), code::RESULT_NOT_SERIALISABLE);
        assert!(
            error.message().contains("deeper than 120 levels"),
            "{error}"
        );
    }
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let error = agreed(&hosts, "raw", json!({ "json": deep })).await;
    assert_eq!(
        error.expect_err("too deep").code(),
        code::RESULT_NOT_SERIALISABLE
    );
    for levels in [1, 120, 121, 500] {
        let error = agreed(&hosts, "fail", json!({ "levels": levels })).await;
        let error = error.expect_err("it fails");
        assert_eq!(error.code(), "nested");
        let details = error.get_details().expect("it has some");
        assert_eq!(details.is_array(), levels <= 120, "{details}");
    }
    end(hosts).await;
}

#[tokio::test]
async fn b11_progress_nests_alike() {
    let hosts = both().await;
    for levels in [120, 121, 500] {
        let mut told = Vec::new();
        for host in &hosts {
            let reports = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&reports);
            let ctx =
                HookContext::default().with_progress(Arc::new(move |report: ProgressReport| {
                    sink.lock().expect("nobody panics").push(report);
                }));
            let args = json!({ "levels": levels });
            plugin(host)
                .call("tell", &ctx, args)
                .await
                .expect("it tells");
            told.push(reports.lock().expect("nobody panics").clone());
        }
        assert_eq!(told[0].len(), 1);
        assert_eq!(told[0], told[1], "{levels} levels");
    }
    end(hosts).await;
}

fn is_hidden(outcome: Result<Value, HookError>) {
    let error = outcome.expect_err("it is not exposed");
    assert_eq!(error.code(), code::NOT_EXPOSED, "{error}");
    let says = "hook `own` of `tool.wired` is not exposed: only code linked into the same program";
    assert!(error.message().starts_with(says), "{error}");
}

#[tokio::test]
async fn b25_a_hidden_hook_is_not_exposed_to_a_host() {
    let hosts = both().await;
    let args = json!({ "n": 1 });
    is_hidden(agreed(&hosts, "own", args.clone()).await);
    let execute = json!({ "function": "own", "args": args });
    is_hidden(agreed(&hosts, "execute", execute.clone()).await);
    let schema = agreed(&hosts, "get_schema", json!({}))
        .await
        .expect("a list");
    let names: Vec<&str> = schema
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|function| function["name"].as_str())
        .collect();
    assert_eq!(names, ["text", "nested", "fail", "tell", "raw"]);
    let error = agreed(&hosts, "owm", json!({}))
        .await
        .expect_err("there is none");
    assert!(!error.message().contains("`own`"), "{error}");
    let details = error.get_details().expect("the known ones");
    let known = details["known"].as_array().expect("a list");
    assert!(!known.contains(&json!("own")), "{details}");
    for host in &hosts {
        let ctx = HookContext::default();
        let dispatched = host
            .dispatcher("tool")
            .singleton("execute", &ctx, execute.clone())
            .await;
        assert!(dispatched.is_err());
        let typed = host.get::<dyn Tool>("wired").expect("it is ready");
        let listed = typed.get_schema(&ctx).await.expect("a list");
        assert_eq!(listed.len(), 5);
    }
    end(hosts).await;
}

#[test]
fn b25_a_hidden_hook_is_not_exposed_to_a_test() {
    let plugins: [TestPlugin; 2] = [
        testing::in_process::<Wired>(),
        testing::executable(executable()),
    ];
    for plugin in plugins {
        is_hidden(plugin.call("own", json!({ "n": 1 })));
    }
}

#[tokio::test]
async fn b25_a_hidden_hook_is_called_by_a_plugin_of_the_same_program() {
    let registry = Registry::builder()
        .plugin::<Wired>()
        .plugin::<Peer>()
        .build();
    let registry = ready(registry.expect("two plugins")).await;
    let peer = registry.plugin("tool", "peer").expect("it is ready");
    let ask = |function: &str, args: Value| {
        let args = json!({ "function": function, "args": args });
        let peer = peer.clone();
        async move { peer.call("ask", &HookContext::default(), args).await }
    };
    assert_eq!(ask("own", json!({ "n": 1 })).await, Ok(json!(2)));
    let execute = json!({ "function": "own", "args": { "n": 1 } });
    let answer = ask("execute", execute).await.expect("it answers");
    assert_eq!(answer["result"], 2);
    drop(peer);
    registry.teardown_all().await.expect("nothing holds them");
}
