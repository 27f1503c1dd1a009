//! Behaviour 8 and 21: what an author's code finds around it is the same in both builds, however it
//! is called; where it cannot be the same, the error says what to do.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use dagstack_engine::task::block_on;
use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::testing::{self, TestPlugin};
use dagstack_plugin::{CancelToken, Health, HookError, Metadata, code};
use dagstack_runtime::{HookContext, MemoryConfig, PluginHandle, Registry};
use dagstack_tests::around::{Around, DROPPED, Here, TRIES};
use serde_json::{Value, json};

fn executable() -> PathBuf {
    env!("CARGO_BIN_EXE_around").into()
}

/// The plugin in both builds.
fn registries(config: &MemoryConfig) -> [Registry; 2] {
    let linked = Registry::builder().plugin::<Here>();
    let executable = Registry::builder().executable("around", "here", [executable()]);
    [linked, executable].map(|builder| {
        let builder = builder.kind::<dyn Around>().config(config.clone());
        builder.build().expect("a registry")
    })
}

async fn ready(registry: &Registry) -> PluginHandle {
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry.plugin("around", "here").expect("it is there")
}

type Outcome = Result<String, HookError>;

fn text(outcome: Result<Value, HookError>) -> Outcome {
    outcome.map(|value| value.as_str().unwrap_or_default().to_owned())
}

async fn typed(plugin: &dyn Around, hook: &str, what: &str) -> Outcome {
    let (ctx, what) = (HookContext::default(), what.to_owned());
    match hook {
        "plain" => plugin.plain(&ctx, what).await,
        "waiting" => plugin.waiting(&ctx, what).await,
        "computing" => plugin.computing(&ctx, what).await,
        "computing_later" => plugin.computing_later(&ctx, what).await,
        _ => plugin.at_once(&ctx, &what),
    }
}

async fn by_json(plugin: &PluginHandle, hook: &str, what: &str) -> Outcome {
    text(
        plugin
            .call(hook, &HookContext::default(), json!({ "what": what }))
            .await,
    )
}

/// Runs `body` as a task of a runtime with several workers, as `#[tokio::main]` hosts do.
fn on_workers<T: Send + 'static>(body: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { tokio::spawn(body).await.expect("no panic") })
}

/// Runs `body` on the one thread of a runtime.
fn on_one_thread<T>(body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(body)
}

/// What the two builds differ in: a linked `fn` or `async fn` runs on the host's own task.
fn needs_thread(hook: &str, what: &str) -> bool {
    !hook.starts_with("computing") && what == "own_runtime"
}

fn check(hook: &str, what: &str, may_block: bool, outcome: &Outcome) {
    if may_block || !needs_thread(hook, what) {
        assert_eq!(outcome.as_deref(), Ok("ok"), "{hook} {what}");
        return;
    }
    let error = outcome.as_ref().expect_err(hook);
    assert_eq!(error.code(), code::PANICKED, "{hook} {what}");
    assert!(
        error
            .message()
            .starts_with(&format!("hook `{hook}` panicked")),
        "{error}"
    );
    assert!(
        error
            .message()
            .contains("execution_model = \"thread_cpu_bound\""),
        "{error}"
    );
}

const HOOKS: [&str; 4] = ["plain", "waiting", "computing", "computing_later"];

#[test]
fn b08_hooks_find_the_same_around_them_in_both_builds() {
    on_workers(async {
        for (registry, may_block) in registries(&MemoryConfig::new(json!({})))
            .into_iter()
            .zip([false, true])
        {
            let plugin = ready(&registry).await;
            let native = registry.get::<dyn Around>("here").expect("it is there");
            for hook in HOOKS {
                for what in TRIES {
                    check(hook, what, may_block, &by_json(&plugin, hook, what).await);
                    check(hook, what, may_block, &typed(&*native, hook, what).await);
                }
            }
            // What a plain `fn` spawns runs.
            let spawned = by_json(&plugin, "plain", "spawned").await;
            assert!(spawned.is_ok_and(|it| it.contains("cannot try")));
            assert_eq!(
                by_json(&plugin, "waiting", "spawned").await.as_deref(),
                Ok("ok")
            );
            drop(native);
            registry
                .teardown_all()
                .await
                .expect("all is allowed in a teardown");
        }
    });
}

#[test]
fn b08_a_linked_fn_of_the_kind_finds_a_runtime_too() {
    let [registry, _] = registries(&MemoryConfig::new(json!({})));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let native = runtime.block_on(async {
        ready(&registry).await;
        registry.get::<dyn Around>("here").expect("it is there")
    });
    for what in TRIES {
        assert_eq!(
            native.at_once(&HookContext::default(), what).as_deref(),
            Ok("ok"),
            "{what}"
        );
    }
    let inside = runtime.block_on(async { native.at_once(&HookContext::default(), "own_runtime") });
    check("at_once", "own_runtime", false, &inside);
}

/// Polls on a thread without any runtime.
fn outside<T: Send>(future: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            assert!(tokio::runtime::Handle::try_current().is_err());
            dagstack_engine::task::block_on(future)
        });
        thread.join().expect("no panic")
    })
}

#[test]
fn b08_a_caller_without_a_runtime_is_given_the_registrys() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for registry in registries(&MemoryConfig::new(json!({}))) {
        let (plugin, native) = runtime.block_on(async {
            let plugin = ready(&registry).await;
            (
                plugin,
                registry.get::<dyn Around>("here").expect("it is there"),
            )
        });
        for hook in HOOKS {
            for what in TRIES {
                // No runtime drives the thread, so that it may block.
                check(hook, what, true, &outside(by_json(&plugin, hook, what)));
                check(hook, what, true, &outside(typed(&*native, hook, what)));
            }
        }
        drop(native);
        runtime
            .block_on(registry.teardown_all())
            .expect("all is allowed in a teardown");
    }
}

#[test]
fn b08_lifecycle_and_callbacks_find_a_runtime_and_may_block() {
    for runs in [on_workers::<()> as fn(_), |body| on_one_thread(body)] {
        let body: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async {
            let config = MemoryConfig::new(json!({}));
            for registry in registries(&config) {
                config.set(json!({}));
                let plugin = ready(&registry).await;
                let ctx = HookContext::default();
                let setup = plugin
                    .call("others", &ctx, json!({ "changed": false }))
                    .await;
                assert_eq!(text(setup).as_deref(), Ok("ok"), "{}", plugin.runtime());
                assert_eq!(
                    plugin.health().await,
                    Health::Healthy,
                    "{}",
                    plugin.runtime()
                );
                config.set(json!({ "around": { "here": { "number": 1 } } }));
                let changed = plugin
                    .call("others", &ctx, json!({ "changed": true }))
                    .await;
                assert_eq!(text(changed).as_deref(), Ok(""), "{}", plugin.runtime());
                registry
                    .teardown_all()
                    .await
                    .expect("all is allowed in a teardown");
            }
        });
        runs(body);
    }
}

#[test]
fn b08_a_subscriber_finds_a_runtime_whoever_reloads() {
    let config = MemoryConfig::new(json!({}));
    let [registry, _] = registries(&config);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let plugin = runtime.block_on(ready(&registry));
    // The watch of the source would tell, too; only one of the two does.
    config.set(json!({ "around": { "here": { "number": 2 } } }));
    outside(registry.reload_config()).expect("it fits");
    let call = async {
        let ctx = HookContext::default();
        plugin
            .call("others", &ctx, json!({ "changed": true }))
            .await
    };
    assert_eq!(text(runtime.block_on(call)).as_deref(), Ok(""));
}

#[test]
fn b08_a_plugin_is_dropped_inside_a_runtime() {
    // The variable is the executable's alone: each sees its own environment.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dropped");
    let command = dagstack_runtime::StdioCommand::new([executable()])
        .env("AROUND_DROPPED", file.to_str().expect("a plain path"));
    on_workers(async move {
        let registry = Registry::builder()
            .executable("around", "here", command)
            .build();
        let registry = registry.expect("a registry");
        ready(&registry).await;
        registry.teardown_all().await.expect("a teardown");
        let told = std::fs::read_to_string(file).expect("it was dropped");
        assert_eq!(told, "dropped; ");
    });
}

#[test]
fn b08_a_linked_plugin_is_dropped_inside_a_runtime_whoever_drops_it() {
    const NUMBER: u32 = 77;
    let config = MemoryConfig::new(json!({ "around": { "here": { "number": NUMBER } } }));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let [registry, _] = registries(&config);
    drop(runtime.block_on(ready(&registry)));
    // Without a teardown, on a thread without a runtime.
    outside(async move { drop(registry) });
    let dropped = DROPPED.lock().expect("a lock");
    let ours = dropped.iter().find(|(number, _)| *number == NUMBER);
    assert_eq!(ours, Some(&(NUMBER, String::new())));
}

#[test]
fn b08_an_async_hook_that_blocks_stops_no_other() {
    const HELD: usize = 5;
    on_workers(async {
        let [_, registry] = registries(&MemoryConfig::new(json!({})));
        let plugin = ready(&registry).await;
        let ctx = HookContext::default();
        let hold = async || {
            plugin
                .call("hold", &HookContext::default(), Value::Null)
                .await
        };
        let others = async {
            // The first holds the lock behind which the others block.
            let held = plugin.call("held", &ctx, json!({ "at_least": HELD })).await;
            assert_eq!(held, Ok(json!(HELD)));
            assert_eq!(
                by_json(&plugin, "waiting", "spawn").await.as_deref(),
                Ok("ok")
            );
            for _ in 0..HELD {
                let released = plugin.call("release", &ctx, Value::Null).await;
                assert_eq!(released, Ok(json!(true)));
            }
        };
        let (a, b, c, d, e, ()) = tokio::join!(hold(), hold(), hold(), hold(), hold(), others);
        assert_eq!([a, b, c, d, e], [const { Ok(Value::Bool(true)) }; HELD]);
        registry.teardown_all().await.expect("a teardown");
    });
}

#[test]
fn b08_on_a_host_of_one_thread_blocking_in_place_names_the_mend() {
    on_one_thread(async {
        let [registry, _] = registries(&MemoryConfig::new(json!({})));
        let plugin = ready(&registry).await;
        for hook in ["plain", "waiting"] {
            let error = by_json(&plugin, hook, "in_place").await.expect_err(hook);
            assert!(error.message().contains("thread_cpu_bound"), "{error}");
        }
        for hook in ["computing", "computing_later"] {
            for what in TRIES {
                check(hook, what, true, &by_json(&plugin, hook, what).await);
            }
        }
    });
}

#[test]
fn b08_tests_of_a_plugin_find_what_hosts_give() {
    let call = |plugin: &TestPlugin, hook: &str, what: &str| {
        text(plugin.call(hook, json!({ "what": what })))
    };
    for (plugin, may_block) in [
        (testing::in_process::<Here>(), false),
        (testing::executable(executable()), true),
    ] {
        for hook in HOOKS {
            for what in TRIES {
                check(hook, what, may_block, &call(&plugin, hook, what));
            }
        }
    }
}

#[test]
fn b08_the_command_line_gives_the_same() {
    for hook in HOOKS {
        for what in TRIES {
            let arguments = json!({ "what": what }).to_string();
            let mut called = std::process::Command::new(executable());
            let output = called
                .args(["call", hook, &arguments])
                .output()
                .expect("it starts");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                "\"ok\"\n",
                "{hook} {what} {output:?}"
            );
        }
    }
}

#[test]
fn b21_a_long_computation_that_panics_is_named_by_its_hook() {
    on_workers(async {
        for registry in registries(&MemoryConfig::new(json!({}))) {
            let plugin = ready(&registry).await;
            let native: Arc<dyn Around> = registry.get("here").expect("it is there");
            let ctx = HookContext::default();
            let typed = native.overflow(&ctx).await.expect_err("it panics");
            let erased = plugin
                .call("overflow", &ctx, Value::Null)
                .await
                .expect_err("it panics");
            assert_eq!(typed, erased);
            assert_eq!(typed.code(), code::PANICKED);
            assert!(
                typed.message().starts_with("hook `overflow` panicked"),
                "{typed}"
            );
            // Nothing of the panic itself, and no mend for what is not known.
            assert!(!typed.message().contains("help"), "{typed}");
        }
    });
}

/// Goes on with each call on a thread where there is nothing; what the caller of `late` waits for is
/// given up before that.
struct Elsewhere;

#[async_trait]
impl Middleware for Elsewhere {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let given_up = CancelToken::new();
        let is_late = call.metadata().get("late").is_some();
        if is_late {
            call.set_ctx(call.ctx().clone().with_cancellation(given_up.clone()));
        }
        let passed = next.run(call);
        if is_late {
            given_up.cancel();
        }
        thread::scope(|scope| scope.spawn(|| block_on(passed)).join().expect("no panic"))
    }
}

#[test]
fn b08_a_hook_finds_a_runtime_wherever_middleware_goes_on_and_hears_who_gave_up() {
    on_workers(async {
        let builder = Registry::builder().middleware(Elsewhere);
        let registry = builder.kind::<dyn Around>().plugin::<Here>().build();
        let registry = registry.expect("a registry");
        let plugin = ready(&registry).await;
        let native = registry.get::<dyn Around>("here").expect("it is there");
        for hook in ["plain", "waiting"] {
            for what in ["handle", "spawn"] {
                assert_eq!(by_json(&plugin, hook, what).await.as_deref(), Ok("ok"));
                assert_eq!(typed(&*native, hook, what).await.as_deref(), Ok("ok"));
            }
        }
        let late = HookContext::default().with_metadata(Metadata::new().with("late", true));
        let args = json!({ "what": "handle" });
        // One that is ready at once: nothing else would stop it.
        let by_json = plugin.call("plain", &late, args).await.unwrap_err();
        let typed = native.plain(&late, "handle".into()).await.unwrap_err();
        assert_eq!(by_json, typed);
        assert_eq!(typed.code(), code::CANCELLED);
    });
}

#[test]
fn who_has_given_up_hears_of_that_first() {
    on_workers(async {
        for registry in registries(&MemoryConfig::new(json!({}))) {
            let plugin = ready(&registry).await;
            let token = CancelToken::new();
            token.cancel();
            let ctx = HookContext::default().with_cancellation(token);
            let error = plugin.call("nowhere", &ctx, json!({})).await.unwrap_err();
            assert_eq!(error.code(), code::CANCELLED, "{error}");
        }
    });
}
