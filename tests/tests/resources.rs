//! Plugins call the resources of their host: the same from its own process and from another.

#[path = "../../runtime/tests/common/log.rs"]
mod log;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use blob_notes::Notes;
use dagstack_plugin::resources::{
    BlobStore, Bytes, Clock, FrozenClock, ResourceSet, Rng, SeededRng, SystemClock, TempDir,
    TenantRegistry,
};
use dagstack_plugin::testing::{self, MemoryBlobs, MemoryTenants};
use dagstack_plugin::{HookContext, HookError, Metadata, async_trait};
use dagstack_runtime::resources::{OsRng, ScratchDir};
use dagstack_runtime::{MemoryConfig, PluginHandle, Registry, RegistryBuilder};
use dagstack_tests::brought::Uses;
use dagstack_tests::built;
use resource_probe::{Ledger, Probe};
use serde_json::{Value, json};

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum In {
    Process,
    Child,
}

const BOTH: [In; 2] = [In::Process, In::Child];

fn probe(place: In, builder: RegistryBuilder) -> RegistryBuilder {
    match place {
        In::Process => builder.plugin::<Probe>(),
        In::Child => builder.executable("tool", "probe", built("resource-probe")),
    }
}

async fn set_up(builder: RegistryBuilder) -> Registry {
    let registry = builder.build().expect("the host is sound");
    // Whether the plugin is well is for each test to judge.
    let _ = registry.setup_all().await;
    registry
}

/// The probe, ready, in a host with these resources.
async fn ready(place: In, builder: RegistryBuilder) -> (Registry, PluginHandle) {
    let registry = set_up(probe(place, builder)).await;
    let handle = registry.plugin("tool", "probe").expect("it is there");
    assert!(handle.state().is_callable(), "{:?}", handle.reason());
    (registry, handle)
}

/// The code and message for which the probe is unavailable.
async fn refused(place: In, builder: RegistryBuilder) -> (String, String) {
    let registry = set_up(probe(place, builder)).await;
    let handle = registry.plugin("tool", "probe").expect("it is there");
    let reason = handle.reason().expect("it is unavailable");
    (reason.code, reason.message)
}

/// A ledger that says when somebody gives a call up.
#[derive(Default)]
struct Books {
    balances: Mutex<BTreeMap<String, i64>>,
    given_up: Arc<AtomicUsize>,
}

struct GivenUp(Arc<AtomicUsize>, bool);

impl Drop for GivenUp {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Ledger for Books {
    async fn book(&self, account: String, cents: i64) -> Result<i64, HookError> {
        let mut balances = self.balances.lock().unwrap();
        let balance = balances.entry(account).or_default();
        *balance += cents;
        Ok(*balance)
    }

    async fn wait(&self, millis: u64) -> Result<String, HookError> {
        let mut given_up = GivenUp(Arc::clone(&self.given_up), false);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        given_up.1 = true;
        Ok(format!("{millis} ms"))
    }

    async fn fail(&self, code: String) -> Result<(), HookError> {
        Err(HookError::new(code, "as you wish").details(json!({ "limit": 5 })))
    }

    async fn panic(&self) -> Result<(), HookError> {
        panic!("the ledger burns, and with it hunter2222");
    }

    async fn echo(&self, value: Option<Value>) -> Result<Option<Value>, HookError> {
        Ok(value)
    }
}

fn with_books(books: &Arc<Books>) -> RegistryBuilder {
    Registry::builder().resource::<dyn Ledger>("ledger", Arc::clone(books) as _)
}

fn of_tenant(tenant: &str) -> HookContext {
    HookContext::new().with_metadata(Metadata::new().with("tenant_id", tenant))
}

/// What came of the notes of two tenants, in one place.
async fn notes(place: In) -> (Vec<Value>, Vec<(String, Bytes)>, Vec<i64>) {
    let blobs = Arc::new(MemoryBlobs::default());
    let tenants = Arc::new(MemoryTenants::default());
    let clock = FrozenClock::at_unix_nanos(1_700_000_000_123_000_000);
    let builder = Registry::builder()
        .resource::<dyn Clock>("clock", Arc::new(clock))
        .resource::<dyn BlobStore>("blob_store", Arc::clone(&blobs) as _)
        .resource::<dyn TenantRegistry>("tenant_registry", Arc::clone(&tenants) as _);
    let registry = set_up(match place {
        In::Process => builder.plugin::<Notes>(),
        In::Child => builder.executable("tool", "notes", built("blob-notes")),
    })
    .await;
    let plugin = registry.plugin("tool", "notes").expect("it is there");
    let mut seen = Vec::new();
    for round in 0..20 {
        for tenant in ["acme", "globex"] {
            let (title, text) = (format!("t{round}"), format!("{tenant} ünï {round}"));
            let args = json!({ "title": title, "text": text });
            let ctx = of_tenant(tenant);
            seen.push(plugin.call("keep", &ctx, args).await.expect("it is kept"));
            let args = json!({ "title": title });
            seen.push(plugin.call("read", &ctx, args).await.expect("it is read"));
        }
    }
    let nobody = HookContext::new();
    let refused = plugin.call("read", &nobody, json!({ "title": "t0" }));
    seen.push(refused.await.expect_err("no tenant").to_value());
    registry.teardown_all().await.expect("it ends");

    let mut stored = Vec::new();
    for key in blobs.list(String::new()).await.expect("a list") {
        let data = blobs.get(key.clone()).await.expect("read");
        stored.push((key, data.expect("it is listed")));
    }
    let mut counted = Vec::new();
    for tenant in tenants.tenants().await.expect("a list") {
        counted.push(tenants.add(tenant, "notes".into(), 0).await.expect("it"));
    }
    (seen, stored, counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_blobs_and_tenants_give_the_same_from_both_sides() {
    let here = notes(In::Process).await;
    assert_eq!(here.0[0]["kept_at_ms"], 1_700_000_000_123_u64);
    assert_eq!(here.0[0]["number"], 1);
    assert_eq!(here.1.len(), 40);
    assert_eq!(here.2, [20, 20]);
    assert_eq!(here, notes(In::Child).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_resource_may_be_missing() {
    for place in BOTH {
        let builder = Registry::builder()
            .resource::<dyn Clock>("clock", Arc::new(SystemClock))
            .resource::<dyn BlobStore>("blob_store", Arc::new(MemoryBlobs::default()));
        let registry = set_up(match place {
            In::Process => builder.plugin::<Notes>(),
            In::Child => builder.executable("tool", "notes", built("blob-notes")),
        })
        .await;
        let plugin = registry.plugin("tool", "notes").expect("it is there");
        let args = json!({ "title": "a", "text": "b" });
        let note = plugin.call("keep", &of_tenant("acme"), args).await;
        assert_eq!(note.expect("it is kept")["number"], Value::Null);
    }
}

/// It would be missing without a word: the plugin does without.
#[tokio::test]
async fn a_misspelt_optional_resource_is_in_the_log() {
    for place in BOTH {
        let (log, _guard) = log::Log::start();
        let builder = Registry::builder()
            .resource::<dyn Clock>("clock", Arc::new(SystemClock))
            .resource::<dyn Ledger>("ledger", Arc::new(Books::default()))
            .resource::<dyn TenantRegistry>("tenant_registry", Arc::new(MemoryTenants::default()));
        let registry = set_up(match place {
            In::Process => builder.plugin::<Uses>(),
            In::Child => builder.executable("tool", "uses", built("bare")),
        })
        .await;
        let plugin = registry.plugin("tool", "uses").expect("it is there");
        assert!(plugin.state().is_callable(), "{:?}", plugin.reason());
        let lines = log.lines(&["WARN", "optional resource `tenant_registri`"]);
        assert_eq!(lines.len(), 1, "{place:?}: {}", log.text());
        assert!(
            lines[0].contains("did you mean `tenant_registry`?"),
            "{lines:?}"
        );
        // Others that are not there are nobody's mistake.
        assert!(log.lines(&["WARN", "`blob_store`"]).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_resource_may_not_be_missing() {
    for place in BOTH {
        let builder = Registry::builder().resource::<dyn Clock>("clokc", Arc::new(SystemClock));
        let registry = set_up(match place {
            In::Process => builder.plugin::<Notes>(),
            In::Child => builder.executable("tool", "notes", built("blob-notes")),
        })
        .await;
        let plugin = registry.plugin("tool", "notes").expect("it is there");
        let reason = plugin.reason().expect("it is unavailable");
        assert_eq!(reason.code, "resource_missing", "{place:?}: {reason}");
        let text = reason.message;
        assert!(text.contains("`clock`"), "{text}");
        assert!(text.contains("did you mean `clokc`?"), "{text}");
        assert!(text.contains("it has clokc"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_or_of_another_type_says_so() {
    for place in BOTH {
        let with = |section: Value| {
            Registry::builder()
                .resource::<dyn Clock>("wall", Arc::new(SystemClock))
                .resource::<dyn Ledger>("ledger", Arc::new(Books::default()))
                .config(MemoryConfig::new(json!({ "tool": { "probe": section } })))
        };
        let (code, text) = refused(place, with(json!({ "undeclared": true }))).await;
        assert_eq!(code, "plugin_load_error", "{text}");
        assert!(
            text.contains("`tool.probe` does not declare the resource `wall`"),
            "{text}"
        );
        assert!(text.contains("resources(required = [\"wall\"])"), "{text}");
        let (_, text) = refused(place, with(json!({ "wrong_type": true }))).await;
        assert!(
            text.contains(
                "the resource `ledger` is `dyn resource_probe::Ledger`, not `dyn dagstack_plugin::resources::BlobStore`"
            ),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_panics_and_values_arrive_whole() {
    for place in BOTH {
        let books = Arc::new(Books::default());
        let (_registry, probe) = ready(place, with_books(&books)).await;
        let ctx = HookContext::new();
        let call = |hook: &'static str, args: Value| probe.call(hook, &ctx, args);
        let error = call("fail", json!({ "code": "quota_exceeded" })).await;
        let expected =
            HookError::new("quota_exceeded", "as you wish").details(json!({ "limit": 5 }));
        assert_eq!(error.expect_err("it fails"), expected, "{place:?}");
        let error = call("panic", json!({})).await.expect_err("it panics");
        assert_eq!(error.code(), "panicked", "{place:?}: {error}");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        for value in [
            json!(null),
            json!("ünï\u{0}\u{2028}\"\\\n"),
            json!({ "a": [1.5, -7, u64::MAX], "": {} }),
            json!("x".repeat(3_000_000)),
        ] {
            let back = call("echo", json!({ "value": value })).await;
            assert!(back.expect("it comes back") == value, "{place:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_run_at_the_same_time() {
    for place in BOTH {
        let books = Arc::new(Books::default());
        let (_registry, probe) = ready(place, with_books(&books)).await;
        let began = Instant::now();
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let probe = probe.clone();
                tokio::spawn(async move {
                    let ctx = HookContext::new();
                    probe.call("wait", &ctx, json!({ "millis": 300 })).await
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic"), Ok(json!("300 ms")));
        }
        // One after the other would be 15 s.
        assert!(began.elapsed() < Duration::from_secs(8), "{place:?}");
        assert_eq!(books.given_up.load(Ordering::SeqCst), 0);
    }
}

async fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_takes_too_long_is_given_up() {
    let books = Arc::new(Books::default());
    let builder = with_books(&books).resource_timeout(Duration::from_millis(100));
    let (_registry, probe) = ready(In::Child, builder).await;
    let ctx = HookContext::new();
    let error = probe.call("wait", &ctx, json!({ "millis": 60_000 })).await;
    let error = error.expect_err("it is too late");
    assert_eq!(error.code(), "deadline_exceeded");
    assert!(
        error.message().contains("`wait` of the resource `ledger`"),
        "{error}"
    );
    until(|| books.given_up.load(Ordering::SeqCst) == 1).await;
    assert_eq!(
        probe.call("wait", &ctx, json!({ "millis": 1 })).await,
        Ok(json!("1 ms"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_gives_up_what_it_waits_for() {
    for place in BOTH {
        let books = Arc::new(Books::default());
        let (_registry, probe) = ready(place, with_books(&books)).await;
        let args = || json!({ "millis": 60_000 });
        // By its deadline, …
        let late = HookContext::new().with_timeout(Duration::from_millis(100));
        let error = probe.call("wait", &late, args()).await;
        assert_eq!(error.expect_err("it is late").code(), "deadline_exceeded");
        until(|| books.given_up.load(Ordering::SeqCst) == 1).await;
        // … by its caller, …
        let ctx = HookContext::new();
        let token = ctx.cancellation().clone();
        let call = {
            let probe = probe.clone();
            tokio::spawn(async move { probe.call("wait", &ctx, args()).await })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        token.cancel();
        let error = call.await.expect("no panic").expect_err("it is cancelled");
        assert_eq!(error.code(), "cancelled");
        until(|| books.given_up.load(Ordering::SeqCst) == 2).await;
        // … or by its caller's end.
        let ctx = HookContext::new();
        let call = probe.call("wait", &ctx, args());
        let dropped = tokio::time::timeout(Duration::from_millis(100), call);
        assert!(dropped.await.is_err());
        until(|| books.given_up.load(Ordering::SeqCst) == 3).await;
    }
}

/// Lets each plugin book so many times.
struct Quota {
    inner: Arc<dyn Ledger>,
    plugin: String,
    left: AtomicUsize,
}

#[async_trait]
impl Ledger for Quota {
    async fn book(&self, account: String, cents: i64) -> Result<i64, HookError> {
        let taken = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if taken.is_err() {
            let message = format!("`{}` has booked enough", self.plugin);
            return Err(HookError::new("quota_exceeded", message));
        }
        self.inner.book(account, cents).await
    }

    async fn wait(&self, millis: u64) -> Result<String, HookError> {
        self.inner.wait(millis).await
    }

    async fn fail(&self, code: String) -> Result<(), HookError> {
        self.inner.fail(code).await
    }

    async fn panic(&self) -> Result<(), HookError> {
        self.inner.panic().await
    }

    async fn echo(&self, value: Option<Value>) -> Result<Option<Value>, HookError> {
        self.inner.echo(value).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decorators_apply_wherever_the_plugin_runs() {
    for place in BOTH {
        let books = Arc::new(Books::default());
        let section = json!({ "tool": { "probe": { "book_at_setup": true } } });
        let builder = with_books(&books)
            .config(MemoryConfig::new(section))
            .decorate::<dyn Ledger>("ledger", |inner, plugin| {
                Arc::new(Quota {
                    inner,
                    plugin: plugin.to_string(),
                    left: AtomicUsize::new(3),
                })
            });
        let (_registry, probe) = ready(place, builder).await;
        let ctx = HookContext::new();
        let book = || probe.call("book", &ctx, json!({ "account": "a", "cents": 5 }));
        // The first was at the setup.
        assert_eq!(book().await, Ok(json!(5)));
        assert_eq!(book().await, Ok(json!(10)));
        let error = book().await.expect_err("the quota is used up");
        assert_eq!(error.code(), "quota_exceeded", "{place:?}");
        assert_eq!(error.message(), "`tool.probe` has booked enough");
        assert_eq!(books.balances.lock().unwrap()["setup"], 1);
    }
}

/// A clock of the host's own.
struct Slow(Arc<dyn Clock>);

impl Clock for Slow {
    fn now(&self) -> std::time::SystemTime {
        self.0.now()
    }
    fn monotonic_ns(&self) -> u64 {
        self.0.monotonic_ns() / 2
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_and_rng_cross_as_values_or_not_at_all() {
    for place in BOTH {
        let frozen = Arc::new(FrozenClock::at_unix_nanos(41));
        let builder = Registry::builder()
            .resource::<dyn Clock>("clock", frozen)
            .resource::<dyn Rng>("rng", Arc::new(SeededRng::new(7)));
        let (_registry, probe) = ready(place, builder).await;
        let ctx = HookContext::new();
        assert_eq!(probe.call("time", &ctx, json!({})).await, Ok(json!(41)));
        let same = SeededRng::new(7);
        let expected: Vec<u64> = (0..100).map(|_| same.next_u64()).collect();
        let random = probe.call("random", &ctx, json!({ "count": 100 })).await;
        assert_eq!(random, Ok(json!(expected)), "{place:?}");

        let system = Registry::builder()
            .resource::<dyn Clock>("clock", Arc::new(SystemClock))
            .resource::<dyn Rng>("rng", Arc::new(OsRng));
        let (_registry, probe) = ready(place, system).await;
        let random = || probe.call("random", &ctx, json!({ "count": 2 }));
        assert_ne!(random().await, random().await);
        assert!(probe.call("time", &ctx, json!({})).await.is_ok());
    }
    let decorated = || {
        Registry::builder()
            .resource::<dyn Clock>("clock", Arc::new(FrozenClock::at_unix_nanos(42)))
            .decorate::<dyn Clock>("clock", |inner, _| Arc::new(Slow(inner)))
    };
    let (_registry, probe) = ready(In::Process, decorated()).await;
    let ctx = HookContext::new();
    assert_eq!(probe.call("time", &ctx, json!({})).await, Ok(json!(21)));
    let (code, text) = refused(In::Child, decorated()).await;
    assert_eq!(code, "resource_cannot_cross", "{text}");
    assert!(
        text.contains("`clock`") && text.contains("decorated"),
        "{text}"
    );
    let custom = Slow(Arc::new(SystemClock));
    let custom = Registry::builder().resource::<dyn Clock>("clock", Arc::new(custom));
    let (code, text) = refused(In::Child, custom).await;
    assert_eq!(code, "resource_cannot_cross", "{text}");
    let local = Registry::builder().local_resource("ledger", Arc::new(7_u8));
    let (_, text) = refused(In::Child, local).await;
    assert!(text.contains("`u8` is no `#[resource]`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_folder_ends_with_its_plugin() {
    for place in BOTH {
        let builder = Registry::builder()
            .resource_for_each::<dyn TempDir>("tmpdir", |_| Ok(Arc::new(ScratchDir::new()?)));
        let (registry, probe) = ready(place, builder).await;
        let file = probe.call("file", &HookContext::new(), json!({})).await;
        let file = file.expect("it is written");
        let path = std::path::Path::new(file.as_str().expect("a path")).to_owned();
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "text");
        drop(probe);
        registry.teardown_all().await.expect("it ends");
        assert!(!path.exists(), "{place:?}: {}", path.display());
    }
    let broken = Registry::builder()
        .resource_for_each::<dyn TempDir>("tmpdir", |_| Err("the disk is full".into()));
    let (code, text) = refused(In::Child, broken).await;
    assert_eq!(code, "resource_invalid");
    assert!(text.contains("the disk is full"), "{text}");
}

#[test]
fn tests_of_plugins_give_resources_too() {
    let set = |books: &Arc<Books>| {
        ResourceSet::new()
            .with::<dyn Ledger>("ledger", Arc::clone(books) as _)
            .with::<dyn Clock>("clock", Arc::new(FrozenClock::at_unix_nanos(3)))
    };
    for place in BOTH {
        let books = Arc::new(Books::default());
        let plugin = match place {
            In::Process => testing::in_process::<Probe>(),
            In::Child => testing::executable(built("resource-probe")),
        };
        let plugin = plugin.resources(set(&books));
        let args = json!({ "account": "a", "cents": 2, "times": 10 });
        assert_eq!(plugin.call("book", args), Ok(json!(20)), "{place:?}");
        assert_eq!(plugin.call("time", json!({})), Ok(json!(3)));
        let error = plugin.call("random", json!({ "count": 1 })).unwrap_err();
        assert_eq!(error.code(), "resource_missing");
    }
}

/// A host that speaks to the plugin line by line.
struct RawHost {
    child: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl RawHost {
    fn start(name: &str) -> Self {
        let mut child = Command::new(built(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let stdout = child.stdout.take().expect("a pipe");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    fn send(&mut self, message: Value) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{message}").expect("it reads");
    }

    fn receive(&mut self) -> Value {
        let line = self.lines.next().expect("a line").expect("UTF-8");
        serde_json::from_str(&line).expect("JSON")
    }

    fn initialize(&mut self, extension: Value) -> Value {
        self.send(
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": { "experimental": extension },
            "clientInfo": { "name": "raw", "version": "1" },
        } }),
        );
        self.receive()
    }
}

#[test]
fn a_call_whose_host_has_gone_fails_at_once() {
    let mut host = RawHost::start("resource-probe");
    host.initialize(json!({ "dev.dagstack/plugin": { "version": 1 } }));
    host.send(
        json!({ "jsonrpc": "2.0", "id": 2, "method": "dagstack/setup", "params": {
        "config": {}, "resources": { "ledger": { "interface": "resource_probe::Ledger" } },
    } }),
    );
    assert_eq!(host.receive()["id"], 2);
    host.send(
        json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
        "name": "tool.probe.execute.wait", "arguments": { "millis": 5 },
    } }),
    );
    let asked = host.receive();
    assert_eq!(asked["method"], "dagstack/resource", "{asked}");
    assert_eq!(
        asked["params"],
        json!({ "resource": "ledger", "method": "wait", "params": { "millis": 5 } })
    );
    let began = Instant::now();
    drop(host.child.stdin.take());
    let answer = host.receive();
    assert!(began.elapsed() < Duration::from_secs(1));
    let error = &answer["result"]["_meta"]["dev.dagstack/error"];
    assert_eq!(error["code"], "unavailable", "{answer}");
    let message = error["message"].as_str().expect("a text");
    assert!(message.contains("the host that has the resource `ledger` is gone"));
    assert!(host.child.wait().expect("it ends").success());
}

#[test]
fn nothing_is_asked_of_a_host_that_would_not_know_the_answer() {
    let mut foreign = RawHost::start("resource-probe");
    let answer = foreign.initialize(json!({}));
    assert!(answer["error"].is_null(), "{answer}");
    for (hook, fails) in [("time", false), ("random", false), ("book", true)] {
        let arguments = match hook {
            "random" => json!({ "count": 1 }),
            "book" => json!({ "account": "a", "cents": 1 }),
            _ => json!({}),
        };
        foreign.send(
            json!({ "jsonrpc": "2.0", "id": hook, "method": "tools/call", "params": {
                "name": format!("tool.probe.execute.{hook}"), "arguments": arguments,
            } }),
        );
        let answer = foreign.receive();
        assert_eq!(answer["id"], hook);
        assert_eq!(answer["result"]["isError"], fails, "{answer}");
    }
}
