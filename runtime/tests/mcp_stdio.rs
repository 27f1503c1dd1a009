//! Plugins that are child processes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use dagstack_runtime::{
    CancelToken, Health, HookContext, MemoryConfig, Metadata, PluginHandle, Registry,
    RestartPolicy, State, StdioCommand, code,
};
use serde_json::{Map, Value, json};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn fake_server() {
    server::serve_if_asked();
}

fn registry_of(command: StdioCommand, config: Value) -> Registry {
    Registry::builder()
        .executable("fake", "child", command)
        // What becomes of a child that ends is looked at here; restarts have their own tests.
        .restart(RestartPolicy::never())
        .config(MemoryConfig::new(json!({ "fake": { "child": config } })))
        .build()
        .unwrap()
}

async fn start(command: StdioCommand, config: Value) -> (Registry, PluginHandle) {
    let registry = registry_of(command, config);
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let plugin = registry.plugin("fake", "child").unwrap();
    (registry, plugin)
}

/// A manifest with a short start-up limit.
fn manifest(folder: &Path) -> PathBuf {
    let words = server::stubborn_words();
    let text = format!(
        "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nname = \"child\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nruntime = \"mcp_stdio\"\nstartup_timeout_sec = 1\nteardown_timeout_sec = 1\ncommand = {}\n\n[plugin.env]\nDAGSTACK_TEST_SERVER = \"silent deaf\"\n",
        json!(words)
    );
    std::fs::write(folder.join("dagstack.toml"), text).unwrap();
    folder.to_owned()
}

/// Whether the process is there, alive or as a zombie.
fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn gone(pid: u32) {
    let gone = tokio::time::timeout(PATIENCE, async {
        while exists(pid) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    gone.await
        .expect("the child outlived its host, or is a zombie");
}

#[tokio::test]
async fn b11_metadata_nest_so_deep_and_no_deeper_wherever_a_plugin_runs() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    let (registry, plugin) = start(server::command(""), json!({})).await;
    for (levels, kept) in [(120, true), (121, false), (128, false), (500, false)] {
        let map = Map::from_iter([("deep".to_owned(), nested(levels))]);
        for metadata in [
            Metadata::new().with("deep", nested(levels)),
            Metadata::from(map),
        ] {
            let expected = match kept {
                true => nested(levels),
                false => json!("left out: it nests deeper than 120 levels"),
            };
            // What a linked plugin is given is what is there.
            assert_eq!(metadata.get("deep"), Some(&expected));
            let ctx = HookContext::new().with_metadata(metadata);
            let value = plugin.call("echo", &ctx, json!({})).await.unwrap();
            let crossed = &value["meta"]["dev.dagstack/metadata"]["deep"];
            assert_eq!(crossed, &expected, "{levels}");
        }
    }
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_child_is_set_up_called_and_torn_down() {
    let (registry, plugin) = start(server::command("garbage"), json!({ "size": 5 })).await;
    let pid = plugin.pid().unwrap();
    assert!(exists(pid));
    assert_eq!(plugin.runtime().as_str(), "mcp_stdio");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let metadata = Metadata::new()
        .with("tenant_id", "acme")
        .with("trace_context", json!({ "traceparent": parent }));
    let ctx = HookContext::new()
        .with_metadata(metadata)
        .with_timeout(PATIENCE);
    let value = plugin
        .call("echo", &ctx, json!({ "text": "hi" }))
        .await
        .unwrap();
    assert_eq!(value["args"], json!({ "text": "hi" }));
    assert_eq!(value["config"], json!({ "size": 5 }));
    assert_eq!(value["meta"]["traceparent"], parent);
    assert_eq!(
        value["meta"]["dev.dagstack/metadata"],
        json!({ "tenant_id": "acme" })
    );
    assert!(value["meta"]["dev.dagstack/timeout_ms"].is_u64());
    assert_eq!(
        plugin.call("list", &ctx, Value::Null).await,
        Ok(json!([1, 2]))
    );
    assert_eq!(plugin.health().await, Health::degraded("so so"));
    registry.teardown_all().await.unwrap();
    assert!(!exists(pid));
    // It said `requires_restart`, and a new process is just that.
    assert_eq!(plugin.state(), State::Registered);
    assert!(registry.setup_all().await.all_ready());
    assert_ne!(registry.plugin("fake", "child").unwrap().pid(), Some(pid));
}

#[tokio::test]
async fn errors_are_those_of_the_plugin() {
    let (_registry, plugin) = start(server::command(""), json!({})).await;
    let ctx = HookContext::new();
    let error = plugin
        .call("fail", &ctx, json!({ "a": 1 }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.message(), error.get_details()),
        ("no_luck", "it failed", Some(&json!({ "a": 1 })))
    );
    let error = plugin.call("ecko", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::UNKNOWN_HOOK);
    assert_eq!(error.get_details().unwrap()["known"][0], "echo");
    let error = plugin.call("refuse", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    let error = plugin.call("echo", &ctx, json!("text")).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    // Nobody waits for ever for an answer that cannot be read.
    let error = plugin
        .call("unreadable", &ctx, Value::Null)
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::TRANSPORT);
    assert!(error.message().contains("cannot be read"), "{error}");
    assert!(plugin.call("echo", &ctx, Value::Null).await.is_ok());
}

#[tokio::test]
async fn an_answer_may_be_tens_of_megabytes() {
    let (_registry, plugin) = start(server::command(""), json!({})).await;
    let value = plugin
        .call("huge", &HookContext::new(), Value::Null)
        .await
        .unwrap();
    assert_eq!(value.as_str().unwrap().len(), 20 * 1024 * 1024);
}

#[tokio::test]
async fn giving_a_call_up_tells_the_child() {
    let (_registry, plugin) = start(server::command(""), json!({})).await;
    let ctx = HookContext::new().with_timeout(Duration::from_millis(20));
    let error = plugin.call("wait", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);
    let token = CancelToken::new();
    let ctx = HookContext::new().with_cancellation(token.clone());
    let call = plugin.call("wait", &ctx, Value::Null);
    let (outcome, ()) = tokio::join!(call, async { token.cancel() });
    assert_eq!(outcome.unwrap_err().code(), code::CANCELLED);
    // As in process, nothing is looked at for a caller who has given up before.
    let error = plugin.call("ecko", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::CANCELLED);
    let told = tokio::time::timeout(PATIENCE, async {
        let ctx = HookContext::new();
        while plugin.call("cancelled", &ctx, Value::Null).await != Ok(json!(2)) {}
    });
    told.await.unwrap();
}

#[tokio::test]
async fn a_child_that_dies_is_reported_and_reaped() {
    let (registry, plugin) = start(server::command(""), json!({})).await;
    let pid = plugin.pid().unwrap();
    let ctx = HookContext::new();
    let waiting = plugin.call("wait", &ctx, Value::Null);
    let dying = plugin.call("die", &ctx, Value::Null);
    let (waiting, dying) = tokio::join!(waiting, dying);
    for error in [waiting.unwrap_err(), dying.unwrap_err()] {
        assert_eq!(error.code(), code::TRANSPORT);
        assert!(error.message().contains("exit code 5"), "{error}");
    }
    assert!(!exists(pid));
    let State::Unavailable(reason) = plugin.state() else {
        panic!("{:?}", plugin.state());
    };
    assert_eq!(reason.code, "process_ended");
    assert!(matches!(plugin.health().await, Health::Unhealthy { .. }));
    let error = plugin.call("echo", &ctx, Value::Null).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
    assert!(error.message().contains("exit code 5"), "{error}");
    // A new setup starts it again.
    assert!(registry.setup_all().await.all_ready());
    let plugin = registry.plugin("fake", "child").unwrap();
    assert!(plugin.call("echo", &ctx, Value::Null).await.is_ok());
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_child_that_is_killed_says_by_which_signal() {
    let (_registry, plugin) = start(server::command(""), json!({})).await;
    let pid = plugin.pid().unwrap();
    let ctx = HookContext::new();
    let call = plugin.call("wait", &ctx, Value::Null);
    let kill = async {
        let raw = i32::try_from(pid).unwrap();
        let pid = rustix::process::Pid::from_raw(raw).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    let (outcome, ()) = tokio::join!(call, kill);
    let error = outcome.unwrap_err();
    assert!(error.message().contains("signal 9 (SIGKILL)"), "{error}");
    assert!(!exists(pid));
}

#[tokio::test]
async fn a_failed_start_leaves_its_reason_and_no_process() {
    let failed = async |command: StdioCommand, config: Value| {
        let registry = registry_of(command, config);
        let report = registry.setup_all().await;
        let plugin = registry.plugin("fake", "child").unwrap();
        assert_eq!(plugin.pid(), None, "{report}");
        assert!(!report.to_string().contains("hunter22"), "{report}");
        plugin.reason().unwrap()
    };
    let reason = failed(server::command("die"), json!({})).await;
    assert!(
        reason
            .message
            .contains("exit code 3 before it answered `initialize`"),
        "{reason}"
    );
    assert!(
        reason.message.contains("line on standard error"),
        "{reason}"
    );
    let secret = |setup: &str| json!({ "setup": setup, "password": "hunter22" });
    let reason = failed(server::command(""), secret("fail")).await;
    assert_eq!(reason.code, "plugin_load_error");
    assert!(reason.message.contains("no database for"), "{reason}");
    let reason = failed(server::command(""), secret("invalid")).await;
    assert_eq!(reason.code, "config_invalid");
    assert!(reason.message.contains("`fake.child.max_size`"), "{reason}");
    let reason = failed(server::command(""), secret("die")).await;
    assert!(
        reason.message.contains("exit code 4 in its setup"),
        "{reason}"
    );
    let reason = failed(StdioCommand::new(["no-such-program-here"]), json!({})).await;
    assert!(reason.message.contains("not in PATH"), "{reason}");
    let reason = failed(StdioCommand::new(["/etc/passwd"]), json!({})).await;
    assert!(reason.message.contains("chmod +x"), "{reason}");
    let reason = failed(StdioCommand::new([""; 0]), json!({})).await;
    assert!(reason.message.contains("command is empty"), "{reason}");
    let reason = failed(StdioCommand::new(["echo", "hello"]), json!({})).await;
    assert!(reason.message.contains("before it answered"), "{reason}");
}

#[tokio::test]
async fn an_executable_must_be_the_plugin_it_is_taken_for() {
    let registry = Registry::builder()
        .executable("fake", "other", server::command(""))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert!(
        reason
            .message
            .contains("its executable is the plugin `fake.child`"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_executable_that_needs_what_the_host_has_not_is_not_set_up() {
    let registry = registry_of(server::command("needs-clock"), json!({}));
    let report = registry.setup_all().await;
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "resource_missing");
    assert!(reason.message.contains("`clock`"), "{reason}");
}

#[tokio::test]
async fn a_child_that_never_answers_is_killed_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let folder = manifest(folder.path());
    let registry = Registry::builder().discover(&folder).build().unwrap();
    let setup = registry.setup_all();
    let pid = async {
        // Not in the status before it is ready; `/proc` knows our children.
        child_of_this_process("silent deaf").await
    };
    let (report, pid) = tokio::join!(setup, pid);
    let reason = report.plugins[0].state.reason().unwrap();
    assert_eq!(reason.code, "timeout");
    assert!(reason.message.contains("`initialize`"), "{reason}");
    gone(pid).await;
}

/// Waits for a child with this behaviour.
async fn child_of_this_process(behaviour: &str) -> u32 {
    let wanted = format!("DAGSTACK_TEST_SERVER={behaviour}\0");
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            let processes = std::fs::read_dir("/proc").unwrap();
            let pids = processes.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
            for pid in pids.filter(|&pid: &u32| pid != std::process::id()) {
                let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                if environ
                    .windows(wanted.len())
                    .any(|it| it == wanted.as_bytes())
                {
                    return pid;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    found.await.unwrap()
}

#[tokio::test]
async fn a_child_that_ignores_eof_and_sigterm_is_killed_at_teardown() {
    let (registry, plugin) = start(server::stubborn("deaf"), json!({})).await;
    let pid = plugin.pid().unwrap();
    let began = std::time::Instant::now();
    registry.teardown_all().await.unwrap();
    assert!(!exists(pid));
    assert!(
        began.elapsed() > Duration::from_secs(5),
        "it was not asked first"
    );
    assert!(began.elapsed() < PATIENCE);
}

#[tokio::test]
async fn dropping_the_registry_kills_its_children() {
    let (registry, plugin) = start(server::stubborn("deaf"), json!({})).await;
    let pid = plugin.pid().unwrap();
    drop((registry, plugin));
    gone(pid).await;
}

#[test]
fn a_child_is_reaped_also_where_the_runtime_went_first() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (registry, plugin) = runtime.block_on(start(server::stubborn("deaf"), json!({})));
    let pid = plugin.pid().unwrap();
    drop(runtime);
    drop((registry, plugin));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(gone(pid));
}

/// The body of a host that is killed: not a test of its own.
#[tokio::test]
async fn fake_host() {
    if std::env::var_os("DAGSTACK_TEST_HOST").is_none() {
        return;
    }
    let (_registry, plugin) = start(server::command(""), json!({})).await;
    eprintln!("child {}", plugin.pid().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_child_ends_with_a_host_that_is_killed() {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fake_host", "--nocapture"])
        .env("DAGSTACK_TEST_HOST", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(host.stderr.take().unwrap());
    let mut lines = stderr.lines().map_while(Result::ok);
    let pid = lines
        .find_map(|line| line.strip_prefix("child ")?.parse().ok())
        .unwrap();
    assert!(exists(pid));
    host.kill().unwrap();
    host.wait().unwrap();
    // It is nobody's child now; whoever inherits it may be slow to reap it.
    let ended = tokio::time::timeout(PATIENCE, async {
        while running(pid) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    ended.await.unwrap();
}

/// Whether the process is there and no zombie.
fn running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn what_a_child_leaves_behind_in_its_group_ends_with_it() {
    let shell = "sleep 1000 & exec \"$0\" \"$@\"";
    let words = ["sh", "-c", shell]
        .map(String::from)
        .into_iter()
        .chain(server::words());
    let command = StdioCommand::new(words).env("DAGSTACK_TEST_SERVER", "grandchild");
    let (registry, plugin) = start(command, json!({})).await;
    let leader = plugin.pid().unwrap();
    let children = std::fs::read_to_string(format!("/proc/{leader}/task/{leader}/children"));
    let grandchild = children.unwrap().trim().parse().unwrap();
    registry.teardown_all().await.unwrap();
    assert!(!exists(leader));
    tokio::time::timeout(PATIENCE, async {
        while running(grandchild) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_flood_on_standard_error_blocks_nobody() {
    let (_registry, plugin) = start(server::command("flood"), json!({})).await;
    assert!(
        plugin
            .call("echo", &HookContext::new(), Value::Null)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn any_mcp_server_will_do() {
    let map = BTreeMap::from([("words".to_owned(), "text".to_owned())]);
    let command = server::command("foreign").tools(map);
    let (registry, plugin) = start(command, json!({ "ignored": true })).await;
    let ctx = HookContext::new();
    let value = plugin.call("echo", &ctx, json!({ "a": 1 })).await.unwrap();
    assert_eq!(
        (&value["args"], &value["config"]),
        (&json!({ "a": 1 }), &Value::Null)
    );
    assert_eq!(
        plugin.call("list", &ctx, Value::Null).await,
        Ok(json!([1, 2]))
    );
    assert_eq!(
        plugin.call("words", &ctx, Value::Null).await,
        Ok(json!("plain"))
    );
    assert_eq!(plugin.health().await, Health::Healthy);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn functions_of_a_tool_work_as_in_process() {
    let registry = Registry::builder()
        .executable("tool", "child", server::command("foreign"))
        .build()
        .unwrap();
    assert!(registry.setup_all().await.all_ready());
    let plugin = registry.plugin("tool", "child").unwrap();
    let ctx = HookContext::new();
    let functions = plugin.call("get_schema", &ctx, Value::Null).await.unwrap();
    let names: Vec<_> = functions
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert!(names.contains(&&json!("echo")), "{functions}");
    let execute = |function: &str| json!({ "function": function, "args": { "a": 1 } });
    let value = plugin.call("execute", &ctx, execute("echo")).await.unwrap();
    assert_eq!(
        (&value["is_error"], &value["result"]["args"]),
        (&json!(false), &json!({ "a": 1 }))
    );
    let value = plugin.call("execute", &ctx, execute("fail")).await.unwrap();
    assert_eq!(
        value,
        json!({ "result": null, "is_error": true, "error_message": "it failed" })
    );
    let error = plugin
        .call("execute", &ctx, execute("nothing"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::UNKNOWN_HOOK);
    let value = plugin.call("echo", &ctx, json!({})).await.unwrap();
    assert_eq!(value["args"], json!({}));
}
