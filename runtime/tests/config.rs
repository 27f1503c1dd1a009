//! The configuration: layers, validation, subscriptions, in process and over stdio.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/live.rs"]
mod live;
#[path = "common/log.rs"]
mod log;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use dagstack_runtime::config::{Changed, Polled, Watch};
use dagstack_runtime::{
    BoxFuture, ConfigSource, ConfigSourceError, ConfigSubscription, HookContext, MemoryConfig,
    PluginRegistryError, Registry,
};
use live::{First, Second};
use log::Log;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The fixture's executable, which Cargo builds with the tests (unless it is asked for one test
/// target only).
fn fixture() -> String {
    let test = std::env::current_exe().unwrap();
    let folder: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
    let path = folder.join("live_fixture");
    assert!(path.exists(), "there is no {}", path.display());
    path.to_str().unwrap().to_owned()
}

/// A section of each plugin.
fn sizes(first: Value, second: Value, child: Value) -> Value {
    json!({ "live": {
        "first": { "max_size": first },
        "second": { "max_size": second },
        "child": { "max_size": child },
    } })
}

async fn start(source: impl ConfigSource) -> Registry {
    let registry = Registry::builder()
        .plugin::<First>()
        .plugin::<Second>()
        .config(source)
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

async fn call(registry: &Registry, name: &str, hook: &str, args: Value) -> Value {
    let plugin = registry.plugin("live", name).unwrap();
    let ctx = HookContext::new().with_timeout(PATIENCE);
    plugin.call(hook, &ctx, args).await.unwrap()
}

/// The `(old, new)` of `max_size` in the changes a plugin was told, once there are so many.
async fn told(registry: &Registry, name: &str, at_least: usize) -> Vec<(Value, Value)> {
    let changes = call(registry, name, "changes", json!({ "at_least": at_least })).await;
    let changes = changes.as_array().unwrap().iter();
    changes
        .map(|it| (it["old"]["max_size"].clone(), it["new"]["max_size"].clone()))
        .collect()
}

/// A subscription of the host's, and what it is told.
fn subscribe(
    registry: &Registry,
    path: &str,
) -> (ConfigSubscription, UnboundedReceiver<(Value, Value)>) {
    let (tell, told) = unbounded_channel();
    let subscription = registry.on_section_change(path, move |old: &Value, new: &Value| {
        let told = tell.send((old.clone(), new.clone()));
        told.map_err(|_| "nobody listens")
    });
    (subscription, told)
}

async fn next<T>(told: &mut UnboundedReceiver<T>) -> T {
    let next = tokio::time::timeout(PATIENCE, told.recv()).await;
    next.expect("nobody was told").unwrap()
}

/// Waits until the calls of all changes so far have been made: they are made in order.
async fn all_calls_made(registry: &Registry, config: &MemoryConfig) {
    let (subscription, mut told) = subscribe(registry, "test.fence");
    let mut tree = config.load().await.unwrap();
    let count = tree["test"]["fence"].as_u64().unwrap_or(0);
    tree["test"]["fence"] = json!(count + 1);
    config.set(tree);
    next(&mut told).await;
    subscription.unsubscribe();
}

#[tokio::test]
async fn a_subscriber_gets_old_and_new_once() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(config.clone()).await;
    let (subscription, mut host) = subscribe(&registry, "live.first");
    assert!(subscription.active());
    assert_eq!(subscription.path(), "live.first");
    let status = call(&registry, "first", "status", json!({})).await;
    assert_eq!(
        status,
        json!({ "path": "live.first", "active": true, "inactive_reason": null })
    );

    config.set(sizes(json!(2), json!(1), json!(1)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
    let (old, new) = next(&mut host).await;
    assert_eq!((&old["max_size"], &new["max_size"]), (&json!(1), &json!(2)));

    // The same in other words, by a setting that is not theirs, and by an explicit reload.
    config.set(json!({ "live": {
        "first": { "max_size": 2 }, "second": { "max_size": 1 }, "child": {},
    } }));
    let reload = registry.reload_config().await.unwrap();
    assert!(reload.changed.is_empty(), "{reload:?}");
    all_calls_made(&registry, &config).await;
    assert_eq!(told(&registry, "first", 1).await.len(), 1);
    assert!(told(&registry, "second", 0).await.is_empty());
    assert!(host.try_recv().is_err());
}

/// The host and the plugin both subscribe to the section; what is said of it is said once.
#[tokio::test]
async fn a_section_with_two_subscribers_is_named_once() {
    let (log, _guard) = Log::start();
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(config.clone()).await;
    let (_subscription, mut host) = subscribe(&registry, "live.first");
    config.set(sizes(json!(0), json!(1), json!(1)));
    let error = registry.reload_config().await.unwrap_err().to_string();
    assert_eq!(error.matches("live.first.max_size").count(), 1, "{error}");
    let lines = log.lines(&["reload_rejected", "failed_paths=[\"live.first.max_size\"]"]);
    assert!(!lines.is_empty(), "{}", log.text());

    config.set(sizes(json!(2), json!(1), json!(1)));
    next(&mut host).await;
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
    let lines = log.lines(&["the configuration has changed", "paths=[\"live.first\"]"]);
    assert_eq!(lines.len(), 1, "{}", log.text());
}

#[tokio::test]
async fn what_one_refuses_nobody_gets() {
    let (log, _guard) = Log::start();
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(config.clone()).await;
    let (_subscription, mut host) = subscribe(&registry, "live.first");

    for (second, what) in [
        (json!({ "max_size": "hunter2x" }), "found the text"),
        (json!({ "max_size": 0 }), "at least 1"),
        (
            json!({ "max_size": 2, "languagee": "de" }),
            "did you mean `language`?",
        ),
        (
            json!({ "max_size": 2, "api_key": { "of": "hunter2x" } }),
            "live.second.api_key",
        ),
        (json!({}), "missing"),
        (json!("hunter2x"), "expected an object"),
        (Value::Null, "missing"),
    ] {
        config.set(json!({ "live": { "first": { "max_size": 2 }, "second": second } }));
        let error = registry.reload_config().await.unwrap_err();
        assert_eq!(error.code(), "reload_rejected");
        let text = error.to_string();
        assert!(text.contains(what), "{second}: {text}");
        assert!(text.contains("`live.second"), "{text}");
        assert!(
            second != json!({ "max_size": 2, "api_key": { "of": "hunter2x" } })
                || !text.contains("hunter2x"),
            "{text}"
        );
    }
    let lines = log.lines(&["WARN", "reload_rejected", "change_id=", "source_id="]);
    assert!(lines.len() >= 7, "{}", log.text());
    assert!(
        lines[0].contains("failed_paths=[\"live.second.max_size\"]"),
        "{}",
        lines[0]
    );

    config.set(sizes(json!(3), json!(4), json!(1)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(3))]);
    assert_eq!(told(&registry, "second", 1).await, [(json!(1), json!(4))]);
    let (old, new) = next(&mut host).await;
    assert_eq!((&old["max_size"], &new["max_size"]), (&json!(1), &json!(3)));
    all_calls_made(&registry, &config).await;
    assert_eq!(told(&registry, "first", 1).await.len(), 1);
}

#[tokio::test]
async fn the_hosts_own_subscription_is_validated_by_the_plugins_schema() {
    let config = MemoryConfig::new(json!({ "chunker": { "first": { "max_size": 1 } } }));
    let registry = Registry::builder()
        .plugin::<First>()
        .config(config.clone())
        .build()
        .unwrap();
    let _ = registry.setup_all().await; // no section: not set up
    let (_subscription, mut host) = subscribe(&registry, "live.first");
    config.set(json!({ "live": { "first": { "max_size": -1 } } }));
    let error = registry.reload_config().await.unwrap_err();
    assert!(
        error.to_string().contains("`live.first.max_size`"),
        "{error}"
    );
    config.set(json!({ "live": { "first": { "max_size": 1 } } }));
    assert_eq!(
        next(&mut host).await,
        (Value::Null, json!({ "max_size": 1 }))
    );
}

#[tokio::test]
async fn a_plugins_callback_quotes_no_secret_that_only_its_type_tells() {
    use dagstack_plugin::prelude::*;

    #[data]
    struct Door {
        pin: Secret<String>,
    }

    static DONE: tokio::sync::Notify = tokio::sync::Notify::const_new();

    struct Lock;

    /// Fails to change its lock.
    #[plugin(kind = "live", name = "lock")]
    impl Lock {
        #[setup]
        fn setup(ctx: &PluginContext<Door>) -> Self {
            ctx.on_section_change(|old: &Door, new: &Door| {
                Err::<(), _>(format!("from {} to {}", old.pin.expose(), new.pin.expose()))
            });
            // Called after the one above.
            ctx.on_section_change(|_: &Door, _: &Door| DONE.notify_one());
            Self
        }

        /// Says nothing.
        #[hook]
        fn nothing(&self) {}
    }

    let (log, _guard) = Log::start();
    let section = |pin: &str| json!({ "live": { "lock": { "pin": pin } } });
    let config = MemoryConfig::new(section("swordfish-1"));
    let registry = Registry::builder()
        .plugin::<Lock>()
        .config(config.clone())
        .build()
        .unwrap();
    registry.setup_all().await.ok().unwrap();
    config.set(section("swordfish-2"));
    DONE.notified().await;
    let text = log.text();
    let lines = log.lines(&["callback", "failed", "[MASKED]"]);
    assert_eq!(lines.len(), 1, "{text}");
    assert!(!text.contains("swordfish"), "{text}");
}

#[tokio::test]
async fn callbacks_fail_alone_and_quote_no_secret() {
    let (log, _guard) = Log::start();
    let before = json!({ "test": { "it": { "n": 0, "api_key": "hunter2x" } } });
    let config = MemoryConfig::new(before);
    let registry = start_empty(&config).await;
    registry.on_section_change("test.it", |_: &Value, _: &Value| -> () {
        panic!("on purpose")
    });
    registry.on_section_change("test.it", |old: &Value, new: &Value| {
        Err::<(), _>(format!("from {old} to {new}"))
    });
    let (_subscription, mut told) = subscribe(&registry, "test.it");
    for n in 1..3 {
        config.set(json!({ "test": { "it": { "n": n, "api_key": "trustno1" } } }));
        assert_eq!(next(&mut told).await.1["n"], n);
    }
    assert_eq!(
        log.lines(&["callback", "panicked", "path=\"test.it\""])
            .len(),
        2
    );
    assert_eq!(log.lines(&["callback", "failed", "[MASKED]"]).len(), 2);
    let text = log.text();
    assert!(
        !text.contains("hunter2x") && !text.contains("trustno1"),
        "{text}"
    );
}

async fn start_empty(config: &MemoryConfig) -> Registry {
    let registry = Registry::builder().config(config.clone()).build().unwrap();
    let _ = registry.setup_all().await;
    registry
}

#[tokio::test]
async fn who_unsubscribes_is_not_called_again_not_even_for_a_change_that_is_being_told() {
    let config = MemoryConfig::new(json!({ "test": { "n": 0 } }));
    let registry = start_empty(&config).await;
    let (tell, mut told) = unbounded_channel();
    let handles: Arc<Mutex<Vec<ConfigSubscription>>> = Arc::default();
    // The first that is called ends its own subscription and all others.
    for n in 0..3 {
        let (tell, all) = (tell.clone(), Arc::clone(&handles));
        let handle = registry.on_section_change("test", move |_: &Value, _: &Value| {
            for handle in &*all.lock().unwrap() {
                handle.unsubscribe();
            }
            tell.send(n)
        });
        handles.lock().unwrap().push(handle);
    }
    config.set(json!({ "test": { "n": 1 } }));
    assert_eq!(next(&mut told).await, 0);
    for n in 2..5 {
        config.set(json!({ "test": { "n": n } }));
        registry.reload_config().await.unwrap();
    }
    all_calls_made(&registry, &config).await;
    assert!(told.try_recv().is_err());
    for handle in &*handles.lock().unwrap() {
        assert!(!handle.active());
        assert_eq!(handle.inactive_reason(), Some("unsubscribed"));
        handle.unsubscribe();
    }
}

#[tokio::test]
async fn a_callback_that_unsubscribes_itself_lets_the_others_be() {
    let config = MemoryConfig::new(json!({ "test": { "n": 0 } }));
    let registry = start_empty(&config).await;
    let own: Arc<OnceLock<ConfigSubscription>> = Arc::default();
    let (tell, mut once) = unbounded_channel();
    let inside = Arc::clone(&own);
    let handle = registry.on_section_change("test", move |_: &Value, new: &Value| {
        inside.get().unwrap().unsubscribe();
        tell.send(new["n"].clone())
    });
    own.set(handle).unwrap();
    let (_subscription, mut always) = subscribe(&registry, "test");
    for n in 1..4 {
        config.set(json!({ "test": { "n": n } }));
        assert_eq!(next(&mut always).await.1["n"], n);
    }
    assert_eq!(next(&mut once).await, 1);
    // Its callback is dropped, and the sender with it.
    assert_eq!(once.recv().await, None);
}

#[tokio::test]
async fn changes_are_told_in_order() {
    let config = MemoryConfig::new(json!({ "test": { "n": 0 } }));
    let registry = start_empty(&config).await;
    let (tell, mut told) = unbounded_channel();
    for name in ["a", "b"] {
        let tell = tell.clone();
        registry.on_section_change("test.n", move |old: &Value, new: &Value| {
            let told = tell.send((name, old.clone(), new.clone()));
            told.map_err(|_| "nobody listens")
        });
    }
    let mut last = 0;
    for n in 1..50 {
        config.set(json!({ "test": { "n": n } }));
        let reload = registry.reload_config().await.unwrap();
        assert!(reload.change_id > last);
        last = reload.change_id;
    }
    for n in 1..50 {
        for name in ["a", "b"] {
            assert_eq!(next(&mut told).await, (name, json!(n - 1), json!(n)));
        }
    }
}

#[tokio::test]
async fn a_callback_may_use_the_registry() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(config.clone()).await;
    let (tell, mut told) = unbounded_channel();
    let inside = registry.clone();
    registry.on_section_change("live.first", move |_: &Value, _: &Value| {
        let (registry, tell) = (inside.clone(), tell.clone());
        tokio::spawn(async move { tell.send(registry.reload_config().await.is_ok()) });
    });
    config.set(sizes(json!(2), json!(1), json!(1)));
    assert!(next(&mut told).await);
}

/// A source that cannot watch.
struct Plain(Arc<Mutex<Result<Value, String>>>);

impl ConfigSource for Plain {
    fn id(&self) -> &str {
        "test:plain"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        let tree = self.0.lock().unwrap().clone();
        Box::pin(async move { tree.map_err(ConfigSourceError::new) })
    }
}

#[tokio::test]
async fn without_a_source_that_watches_a_subscription_says_so() {
    let (log, _guard) = Log::start();
    let tree = Arc::new(Mutex::new(Ok(sizes(json!(1), json!(1), json!(1)))));
    let registry = start(Plain(Arc::clone(&tree))).await;
    let reason = "no watch-capable source registered";
    let status = call(&registry, "first", "status", json!({})).await;
    assert_eq!(status["active"], false);
    assert_eq!(status["inactive_reason"], reason);
    for path in ["live.first", "live.second"] {
        let word = format!("path=\"{path}\"");
        let lines = log.lines(&["WARN", "subscription_without_watch", &word, "test:plain"]);
        assert_eq!(lines.len(), 1, "{}", log.text());
    }
    let (subscription, mut host) = subscribe(&registry, "live.first");
    assert!(!subscription.active());
    assert_eq!(subscription.inactive_reason(), Some(reason));

    // An explicit reload is another trigger.
    *tree.lock().unwrap() = Ok(sizes(json!(2), json!(1), json!(1)));
    let reload = registry.reload_config().await.unwrap();
    assert_eq!(reload.changed, ["live.first"]);
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
    assert_eq!(next(&mut host).await.1["max_size"], 2);

    // A source that fails leaves everything as it was.
    *tree.lock().unwrap() = Err("no such host".to_owned());
    let error = registry.reload_config().await.unwrap_err();
    assert!(matches!(
        error,
        PluginRegistryError::ConfigSourceFailed { .. }
    ));
    assert_eq!(
        log.lines(&["reload_rejected", "no such host", "failed_paths=[]"])
            .len(),
        1
    );
}

/// A source that watches one section only.
struct Partial(MemoryConfig);

impl ConfigSource for Partial {
    fn id(&self) -> &str {
        "test:partial"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        self.0.load()
    }

    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        Ok(self.0.watch(changed)?.map(|it| it.covering(["live.first"])))
    }
}

/// Panics where it finds `panic`.
struct Panics(MemoryConfig);

impl ConfigSource for Panics {
    fn id(&self) -> &str {
        "test:panics"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        Box::pin(async {
            let tree = self.0.load().await?;
            assert!(tree.get("panic").is_none(), "asked to panic");
            Ok(tree)
        })
    }

    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        self.0.watch(changed)
    }
}

#[tokio::test]
async fn a_source_that_panics_is_one_that_failed() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(Panics(config.clone())).await;
    config.set(json!({ "panic": true }));
    let error = registry.reload_config().await.unwrap_err();
    assert_eq!(error.code(), "config_source_failed");
    assert!(error.to_string().contains("panicked"), "{error}");
    // Whatever watches it goes on.
    config.set(sizes(json!(2), json!(1), json!(1)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
}

#[tokio::test]
async fn a_path_that_no_source_covers_is_inactive() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(Partial(config)).await;
    let status = call(&registry, "first", "status", json!({})).await;
    assert_eq!(status["active"], true);
    let status = call(&registry, "second", "status", json!({})).await;
    assert_eq!(status["inactive_reason"], "no source covers this path");
    let (subscription, _told) = subscribe(&registry, "other.path");
    assert_eq!(
        subscription.inactive_reason(),
        Some("no source covers this path")
    );
}

/// A source that says it watches, but cannot.
struct Broken;

impl ConfigSource for Broken {
    fn id(&self) -> &str {
        "test:broken"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        Box::pin(async { Ok(Value::Null) })
    }

    fn watch(&self, _: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        Err(ConfigSourceError::new("too many files are watched"))
    }
}

#[tokio::test]
async fn a_watch_that_cannot_start_is_none() {
    let (log, _guard) = Log::start();
    let registry = Registry::builder().config(Broken).build().unwrap();
    let (subscription, _told) = subscribe(&registry, "live.first");
    assert_eq!(
        subscription.inactive_reason(),
        Some("no watch-capable source registered")
    );
    assert_eq!(log.lines(&["test:broken", "too many files"]).len(), 1);
}

#[tokio::test]
async fn polling_makes_any_source_watch() {
    let tree = Arc::new(Mutex::new(Ok(sizes(json!(1), json!(1), json!(1)))));
    let polled = Polled::new(Plain(Arc::clone(&tree)), Duration::from_millis(5));
    let registry = start(polled).await;
    let (subscription, mut host) = subscribe(&registry, "live.first");
    assert!(subscription.active());
    *tree.lock().unwrap() = Ok(sizes(json!(2), json!(1), json!(1)));
    assert_eq!(next(&mut host).await.1["max_size"], 2);
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
}

#[tokio::test]
async fn subscriptions_end_with_the_instance() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = start(config.clone()).await;
    let (_subscription, mut host) = subscribe(&registry, "live.first");
    registry.teardown_all().await.unwrap();
    // What would not fit the plugin is no longer anybody's business but the host's.
    config.set(sizes(json!(2), json!("two"), json!(1)));
    assert_eq!(next(&mut host).await.1["max_size"], 2);

    config.set(sizes(json!(3), json!(3), json!(1)));
    next(&mut host).await;
    assert!(registry.setup_all().await.all_ready());
    assert!(told(&registry, "first", 0).await.is_empty());
    config.set(sizes(json!(4), json!(3), json!(1)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(3), json!(4))]);
}

#[tokio::test]
async fn a_registry_that_is_dropped_watches_no_more() {
    struct Told(Arc<AtomicBool>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let config = MemoryConfig::new(json!({ "test": 1 }));
    let registry = start_empty(&config).await;
    let dropped = Arc::new(AtomicBool::new(false));
    let told = Told(Arc::clone(&dropped));
    let subscription = registry.on_section_change("test", move |_: &Value, _: &Value| {
        let _told = &told;
    });
    drop(registry);
    assert!(dropped.load(Ordering::SeqCst));
    assert!(!subscription.active());
    config.set(json!({ "test": 2 }));
}

#[tokio::test]
async fn a_section_that_does_not_fit_stops_the_plugin_with_every_path() {
    let bad = json!({ "max_sise": 1, "api_key": ["hunter2x"] });
    let tree = json!({ "live": { "first": bad, "child": bad } });
    let registry = Registry::builder()
        .plugin::<First>()
        .executable("live", "child", [fixture()])
        .config(MemoryConfig::new(tree))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(!report.all_ready());
    for name in ["first", "child"] {
        let reason = registry.plugin("live", name).unwrap().reason().unwrap();
        assert_eq!(reason.code, "config_invalid");
        let text = &reason.message;
        for words in [
            format!("`live.{name}.max_sise`: unknown key"),
            "did you mean `max_size`?".to_owned(),
            format!("`live.{name}.api_key`"),
        ] {
            assert!(text.contains(&words), "{words}: {text}");
        }
        assert!(!text.contains("hunter2x"), "{text}");
    }
}

#[tokio::test]
async fn a_section_of_a_misspelt_kind_is_reported() {
    let registry = start(MemoryConfig::new(json!({
        "live": { "first": { "max_size": 1 }, "second": { "max_size": 1 } },
        "liev": { "first": { "max_size": 2 }, "other": {} },
        "logging": { "first": {} },
    })))
    .await;
    let report = registry.setup_all().await;
    assert_eq!(
        report.warnings,
        ["the config section `liev.first` belongs to no plugin (did you mean `live.first`?)"]
    );
}

/// A registry with the plugin in process and its twin over stdio.
async fn both(config: impl ConfigSource) -> Registry {
    let registry = Registry::builder()
        .plugin::<First>()
        .executable("live", "child", [fixture()])
        .config(config)
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

#[tokio::test]
async fn a_child_is_told_like_a_plugin_in_process() {
    let (log, _guard) = Log::start();
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = both(config.clone()).await;
    let status = call(&registry, "child", "status", json!({})).await;
    assert_eq!(
        status,
        json!({ "path": "live.child", "active": true, "inactive_reason": null })
    );
    config.set(sizes(json!(2), json!(1), json!(3)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
    assert_eq!(told(&registry, "child", 1).await, [(json!(1), json!(3))]);

    // What the announced schema refuses is sent to nobody.
    for child in [json!("big"), json!(0)] {
        config.set(sizes(json!(9), json!(1), child));
        let error = registry.reload_config().await.unwrap_err();
        assert!(
            error.to_string().contains("`live.child.max_size`"),
            "{error}"
        );
    }
    assert!(
        !log.lines(&["reload_rejected", "live.child.max_size"])
            .is_empty()
    );

    config.set(sizes(json!(4), json!(1), json!(5)));
    let first = [(json!(1), json!(2)), (json!(2), json!(4))];
    assert_eq!(told(&registry, "first", 2).await, first);
    let child = [(json!(1), json!(3)), (json!(3), json!(5))];
    assert_eq!(told(&registry, "child", 2).await, child);
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn a_reload_of_a_plugin_begins_anew() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = both(config.clone()).await;
    for name in ["first", "child"] {
        registry.reload(("live", name)).await.unwrap();
    }
    config.set(sizes(json!(2), json!(1), json!(3)));
    assert_eq!(told(&registry, "first", 1).await, [(json!(1), json!(2))]);
    assert_eq!(told(&registry, "child", 1).await, [(json!(1), json!(3))]);
    all_calls_made(&registry, &config).await;
    assert_eq!(told(&registry, "first", 0).await.len(), 1);
    assert_eq!(told(&registry, "child", 0).await.len(), 1);
}

#[tokio::test]
async fn a_child_that_is_started_again_hears_of_changes() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = both(config.clone()).await;
    config.set(sizes(json!(1), json!(1), json!(2)));
    told(&registry, "child", 1).await;
    let plugin = registry.plugin("live", "child").unwrap();
    let pid = plugin.pid().unwrap().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &pid])
        .status();
    assert!(killed.unwrap().success());
    let again = tokio::time::timeout(PATIENCE, async {
        loop {
            let child = registry.plugin("live", "child").unwrap();
            let started = child.pid().is_some_and(|it| it.to_string() != pid);
            if started && child.reason().is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    again.await.expect("it is not started again");
    config.set(sizes(json!(1), json!(1), json!(3)));
    assert_eq!(told(&registry, "child", 1).await, [(json!(2), json!(3))]);
}

#[tokio::test]
async fn a_child_that_has_unsubscribed_hears_no_more() {
    let config = MemoryConfig::new(sizes(json!(1), json!(1), json!(1)));
    let registry = both(config.clone()).await;
    let active = call(&registry, "child", "unsubscribe", json!({})).await;
    assert_eq!(active, false);
    config.set(sizes(json!(2), json!(1), json!(2)));
    told(&registry, "first", 1).await;
    assert!(told(&registry, "child", 0).await.is_empty());
    let status = call(&registry, "child", "status", json!({})).await;
    assert_eq!(status["inactive_reason"], "unsubscribed");
}

#[tokio::test]
async fn a_child_knows_that_nobody_watches() {
    let tree = Arc::new(Mutex::new(Ok(sizes(json!(1), json!(1), json!(1)))));
    let registry = both(Plain(Arc::clone(&tree))).await;
    let status = call(&registry, "child", "status", json!({})).await;
    assert_eq!(
        status["inactive_reason"],
        "no watch-capable source registered"
    );
    *tree.lock().unwrap() = Ok(sizes(json!(1), json!(1), json!(2)));
    registry.reload_config().await.unwrap();
    assert_eq!(told(&registry, "child", 1).await, [(json!(1), json!(2))]);
}
