//! No output of ours shows a secret, whatever the config is like and whatever the author's code
//! does with it.
//!
//! Random secrets stand where the plugin `vault.secretive` takes them, and where somebody might put
//! them by mistake; around them other mistakes. The cases are few for executables, because each is
//! a process, and many for what happens in this one.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::task::{Context, Poll, Waker};

use dagstack_engine::secrets::mask_by;
use dagstack_engine::{arguments, config, setup};
use dagstack_plugin::testing;
use dagstack_plugin::{Args, Plugin, PluginError, Registration, SetupContext, canonical_json};
use dagstack_runtime::{HookContext, MemoryConfig, Registry, StdioCommand};
use dagstack_tests::secretive::{Config, DEFAULT_KEY, Secretive};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use tracing_subscriber::layer::SubscriberExt;

/// Secrets of 12 characters and more: plain ones, odd ones, ones that look like something else.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9]{12,24}",
        2 => "[a-zA-Z0-9!#%&/=+_.\"'\\\\ -]{10,20}[a-z]{2}",
        // Any characters, controls among them.
        2 => "[a-z]\\PC{11,20}[a-z]",
        1 => any::<[char; 14]>().prop_map(|chars| chars.iter().collect()),
        // Like a number.
        1 => "[1-9][0-9]{11,18}",
        1 => "-[1-9]\\.[0-9]{9}e-[1-9]{2}",
        // Like JSON.
        1 => "[a-z]{10}".prop_map(|word| json!({ "a": [word, 1] }).to_string()),
        1 => "[a-z]{10}".prop_map(|word| format!("\"{word}\",")),
    ]
    .prop_filter(
        "long enough without the space around it",
        |text: &String| text.trim().chars().count() >= 12,
    )
}

/// Several, some of them parts of others.
fn several() -> impl Strategy<Value = Vec<String>> {
    (prop::collection::vec(secret(), 1..4), any::<bool>()).prop_map(|(mut secrets, parts)| {
        if parts && let Some(first) = secrets.first().cloned() {
            secrets.push(format!("{first}{first}x"));
            secrets.push(first.chars().rev().chain("-long-enough".chars()).collect());
            secrets.push(format!("a{first}"));
        }
        secrets
    })
}

/// What may stand where a secret is expected: the secret as it should be, or in another shape.
fn shapes((key, secret): (&'static str, String)) -> BoxedStrategy<(&'static str, Value)> {
    // A key is part of the secret where the whole value is one, and else a key.
    let inside = match key {
        "backend" | "store" | "rooms" => json!(secret),
        _ => Value::Object(Map::from_iter([(secret.clone(), json!(secret))])),
    };
    prop_oneof![
        6 => Just(json!(secret)),
        1 => Just(json!([secret])),
        1 => Just(json!({ "a": secret, "b": [secret] })),
        1 => Just(inside),
        1 => Just(json!({ "Sealed": secret })),
        1 => Just(json!({ "Sealed": [secret, 1] })),
        1 => Just(json!({ "Several": secret })),
        1 => Just(json!({ "type": "Http", "url": "u", "phrase": secret })),
        1 => Just(json!({ "type": "Http", "url": 5, "phrase": [secret] })),
        1 => Just(json!({ "type": "File", "path": "p", "secret": secret })),
        1 => Just(json!({ "x": { "size": "big", "word": secret } })),
        1 => Just(json!({ "x": { "size": 1, "word": secret } })),
        1 => Just(Value::Null),
        1 => Just(json!("")),
    ]
    .prop_map(move |value| (key, value))
    .boxed()
}

/// Keys under which the plugin takes secrets, or something with secrets inside.
const TAKES: [&str; 14] = [
    "pin",
    "veiled",
    "hidden",
    "door",
    "doors",
    "rooms",
    "long",
    "password",
    "api_key",
    "my_token",
    "proxy_auth",
    "credentials",
    "backend",
    "store",
];

/// Keys that were probably meant to be one of these, and secret names that are not known.
const NEAR: [&str; 7] = [
    "pim", "Pin", "passwrod", "dors", "storre", "DB_TOKEN", "secret",
];

/// Members that have nothing to do with secrets, right and wrong.
fn others() -> impl Strategy<Value = (String, Value)> {
    prop_oneof![
        Just(("host", json!("localhost"))),
        Just(("host", json!(5))),
        Just(("port", json!(80))),
        Just(("port", json!(0))),
        Just(("port", json!("eighty"))),
        Just(("hsot", json!("localhost"))),
        Just(("unknown", json!([1, 2]))),
        Just(("inner", json!("none"))),
        Just(("others", json!({ "x": { "size": 1 } }))),
    ]
    .prop_map(|(key, value)| (key.to_owned(), value))
}

/// A section that is likely to be right.
fn right(secrets: Vec<String>, act: &'static str) -> Value {
    let at = |n: usize| secrets[n % secrets.len()].clone();
    json!({
        "act": act, "host": "localhost", "pin": at(0), "hidden": at(1), "doors": [at(2), at(0)],
        "rooms": { "a": at(1) }, "password": at(2), "api_key": at(0),
        "backend": { "type": "Http", "url": "u", "phrase": at(1) }, "store": { "Sealed": at(2) },
        "inner": [{ "password": at(1), "pin": at(0) }],
        "others": { "x": { "size": 1, "word": at(1) } },
        "door": 271_828_182_845_u64,
    })
}

const ACTS: [&str; 6] = [
    "Keep",
    "FailSetup",
    "FailSetupQuietly",
    "PanicInSetup",
    "TellLater",
    "Kepe",
];

/// A section, and the secrets in it.
fn section() -> impl Strategy<Value = (Vec<String>, Value)> {
    (several(), prop::sample::select(&ACTS[..]), 0..4_u8).prop_flat_map(|(secrets, act, sort)| {
        let member = {
            let secrets = secrets.clone();
            move || {
                let key = prop_oneof![
                    4 => prop::sample::select(&TAKES[..]),
                    1 => prop::sample::select(&NEAR[..]),
                ];
                let secret = prop::sample::select(secrets.clone());
                prop_oneof![
                    5 => (key, secret).prop_flat_map(shapes).prop_map(|(key, value)| (key.to_owned(), value)),
                    1 => others(),
                ]
            }
        };
        let members = prop::collection::vec(member(), 0..6);
        let nested = prop::collection::vec(member(), 0..4);
        (Just(secrets), members, nested).prop_map(move |(secrets, members, nested)| {
            let mut section = match sort {
                0 => json!({ "act": act }),
                _ => right(secrets.clone(), act),
            };
            if let (Value::Object(section), true) = (&mut section, sort != 1) {
                section.extend(members);
                if !nested.is_empty() {
                    let nested: Map<_, _> = nested.into_iter().collect();
                    section.insert("inner".to_owned(), json!([{ "inner": [nested] }]));
                }
            }
            (secrets, section)
        })
    })
}

/// The forms in which a secret could be shown.
fn forms(secret: &str) -> Vec<String> {
    let inner = |quoted: String| quoted[1..quoted.len() - 1].to_owned();
    let debug = inner(format!("{secret:?}"));
    let json = inner(Value::from(secret).to_string());
    vec![
        secret.to_owned(),
        inner(format!("{debug:?}")),
        inner(Value::from(&*debug).to_string()),
        inner(Value::from(&*json).to_string()),
        debug,
        json,
    ]
}

/// The texts that must not show a secret.
struct Outputs {
    forms: Vec<String>,
}

impl Outputs {
    fn without(secrets: &[String]) -> Self {
        let mut forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        forms.push("271828182845".to_owned());
        Self { forms }
    }

    fn check(&self, what: &str, text: impl AsRef<str>) -> Result<(), TestCaseError> {
        let text = text.as_ref();
        match self.forms.iter().find(|form| text.contains(form.as_str())) {
            Some(form) => Err(TestCaseError::fail(format!(
                "{what} shows {form:?}:\n{text}"
            ))),
            None => Ok(()),
        }
    }

    fn check_error(
        &self,
        what: &str,
        error: &dagstack_plugin::HookError,
    ) -> Result<(), TestCaseError> {
        self.check(what, error.to_string())?;
        self.check(what, format!("{error:?} {error:#?}"))?;
        self.check(what, error.to_value().to_string())?;
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            self.check(what, format!("{cause} {cause:?}"))?;
            source = cause.source();
        }
        Ok(())
    }
}

/// Panics of plugins in this process are told by the host's hook, which is this test's.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map_or("", |place| place.file());
            if !place.ends_with("secretive.rs") {
                default(panic);
            }
        }));
    });
}

/// Runs a future that waits for nothing.
fn ready<T>(mut future: std::pin::Pin<Box<dyn Future<Output = T> + Send + '_>>) -> T {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the setup waits for nothing"),
    }
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    })
}

/// Every error of a setup and of a call.
fn in_process(secrets: &[String], section: &Value) -> Result<(), TestCaseError> {
    let outputs = Outputs::without(secrets);
    let context = SetupContext::new(section.clone());
    outputs.check("SetupContext", format!("{context:?}"))?;
    if let Err(error) = ready(setup(&Registration::of::<Secretive>(), context)) {
        outputs.check("PluginError", format!("{error} {error:?} {error:#?}"))?;
        if let PluginError::ConfigInvalid(invalid) = &error {
            outputs.check("ConfigInvalid", format!("{invalid} {invalid:?}"))?;
            outputs.check("its problems", json!(invalid.problems).to_string())?;
        }
    }

    // The same as arguments of a hook.
    let declaration = Secretive::declaration();
    let (_, hook) = declaration.hook("take").expect("it is there");
    let mut given =
        json!({ "config": section, "token": section.get("pin"), "login_token": secrets[0] });
    let text = given.to_string();
    for args in [Args::Json(&text), Args::Value(&mut given)] {
        if let Err(error) = arguments::decode::<Taken>(declaration, hook, args) {
            outputs.check_error("HookError", &error)?;
        }
    }
    Ok(())
}

/// What else there is to look at; each of these compiles the schema anew.
fn in_parts(secrets: &[String], section: &Value) -> Result<(), TestCaseError> {
    let outputs = Outputs::without(secrets);
    let declaration = Secretive::declaration();
    let schema = (declaration.config_schema)();
    // As the executable does with `--config`.
    let problems = dagstack_plugin::validate::validate("vault.secretive", &schema, section);
    outputs.check("validate", format!("{problems:?}"))?;
    let masked = mask_by(section, &schema);
    outputs.check("a masked section", masked.to_string())?;
    if let Ok(context) = SetupContext::new(section.clone()).decode::<Config>(declaration) {
        outputs.check("PluginContext", format!("{context:?} {context:#?}"))?;
    }
    Ok(())
}

/// The parameters of the hook `take`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Taken {
    config: Config,
    token: dagstack_plugin::Secret<String>,
    login_token: Option<dagstack_tests::secretive::Act>,
}

#[test]
fn no_error_shows_a_secret() {
    silence_panics();
    runner(10_000)
        .run(&section(), |(secrets, section)| {
            in_process(&secrets, &section)
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_part_shows_a_secret() {
    runner(1_000)
        .run(&section(), |(secrets, section)| {
            in_parts(&secrets, &section)
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing_subscriber::registry().with(lines)
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All that a host says of a plugin during its life.
async fn live(registry: Registry, outputs: &Outputs) -> Result<(), TestCaseError> {
    outputs.check("Registry", format!("{registry:?}"))?;
    let report = registry.setup_all().await;
    outputs.check("SetupReport", format!("{report} {report:?}"))?;
    outputs.check("its JSON", json!(report).to_string())?;
    outputs.check("the status", json!(registry.status()).to_string())?;
    if let Ok(plugin) = registry.plugin("vault", "secretive") {
        let ctx = HookContext::default();
        for hook in ["fail", "panic", "take"] {
            if let Err(error) = plugin.call(hook, &ctx, Value::Null).await {
                outputs.check_error(hook, &error)?;
            }
        }
        outputs.check("health", format!("{:?}", plugin.health().await))?;
        outputs.check("the handle", format!("{plugin:?} {:?}", plugin.reason()))?;
    }
    if let Err(error) = registry.teardown_all().await {
        outputs.check("a teardown", format!("{error} {error:?}"))?;
    }
    outputs.check("the last status", json!(registry.status()).to_string())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn tree(section: &Value) -> MemoryConfig {
    MemoryConfig::new(json!({ "vault": { "secretive": section } }))
}

fn hosted(
    secrets: &[String],
    section: &Value,
    add: impl FnOnce(dagstack_runtime::RegistryBuilder) -> dagstack_runtime::RegistryBuilder,
) -> Result<(), TestCaseError> {
    let outputs = Outputs::without(secrets);
    let config = tree(section);
    outputs.check("MemoryConfig", format!("{config:?}"))?;
    let registry = add(Registry::builder()).config(config).build();
    let registry = registry.unwrap_or_else(|error| panic!("{error}"));
    let log = Log::default();
    let outcome = tracing::subscriber::with_default(log.subscriber(), || {
        runtime().block_on(live(registry, &outputs))
    });
    outputs.check("the log", log.text())?;
    outcome
}

#[test]
fn no_host_shows_a_secret() {
    silence_panics();
    runner(400)
        .run(&section(), |(secrets, section)| {
            hosted(&secrets, &section, |registry| {
                registry.plugin::<Secretive>()
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

fn executable() -> PathBuf {
    env!("CARGO_BIN_EXE_secretive").into()
}

#[test]
fn no_host_of_an_executable_shows_a_secret() {
    runner(25)
        .run(&section(), |(secrets, section)| {
            hosted(&secrets, &section, |registry| {
                let command = StdioCommand::new([executable()]).env("DAGSTACK_LOG", "trace");
                registry.executable("vault", "secretive", command)
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Both streams of one run.
fn run(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(executable())
        .args(arguments)
        .env("DAGSTACK_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    // It may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let [stdout, stderr] = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).expect("both streams are text"));
    format!("{stdout}\n{stderr}")
}

#[test]
fn no_executable_shows_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.json");
    let path = file.to_str().expect("a plain path");
    let call = |id: u8, hook: &str| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": format!("vault.secretive.{hook}"), "arguments": {} } })
    };
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } } }),
        call(2, "fail"),
        call(3, "panic"),
    ];
    let session: String = lines.iter().map(|line| format!("{line}\n")).collect();
    runner(25)
        .run(&section(), |(secrets, section)| {
            let outputs = Outputs::without(&secrets);
            std::fs::write(&file, section.to_string()).expect("it can be written");
            for hook in ["fail", "panic"] {
                outputs.check("call", run(&["--config", path, "call", hook, "{}"], ""))?;
            }
            outputs.check("a session", run(&["--config", path], &session))
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn help_and_schemas_show_no_default_of_a_secret() {
    for arguments in [&["--help"][..], &["schema"], &["manifest"]] {
        let text = run(arguments, "");
        assert!(text.len() > 100, "{text}");
        assert!(!text.contains(DEFAULT_KEY), "{text}");
    }
    let help = run(&["--help"], "");
    assert!(
        help.contains("api_key: text (secret, default [MASKED]) [SECRETIVE_API_KEY]"),
        "{help}"
    );
    let schema = run(&["schema"], "");
    assert!(schema.contains("\"writeOnly\": true"), "{schema}");
}

#[test]
fn a_panic_of_an_executable_is_told_without_the_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.json");
    let section = json!({ "act": "PanicInSetup", "pin": "open\"sesame", "password": "sesame-sesame", "api_key": "" });
    std::fs::write(&file, section.to_string()).expect("it can be written");
    let path = file.to_str().expect("a plain path");
    let told = run(&["--config", path, "call", "fail", "{}"], "");
    assert!(
        told.contains("panicked at tests/src/secretive.rs:"),
        "{told}"
    );
    assert!(told.contains("password: Some(\"[MASKED]\")"), "{told}");
    assert!(
        told.contains("panicked: the plugin panicked in its setup"),
        "{told}"
    );
    assert!(!told.contains("sesame"), "{told}");
}

#[test]
fn a_masked_config_that_is_passed_on_is_refused() {
    let section = json!({ "pin": "[MASKED]", "inner": [{ "doors": ["[MASKED]"] }] });
    let error =
        config::decode::<Config>(Secretive::declaration(), section).expect_err("no secrets");
    assert!(
        error.to_string().contains("give the secret itself"),
        "{error}"
    );
}

#[test]
fn a_config_is_serialised_without_its_secrets() {
    let section = right(vec!["hunter2-hunter2".to_owned()], "Keep");
    let config = config::decode::<Config>(Secretive::declaration(), section).expect("it fits");
    let text = canonical_json::to_string(&config.pin).expect("it has a form");
    assert_eq!(text, "\"[MASKED]\"");
}

#[test]
fn a_plugin_gets_its_secrets_in_both_forms() {
    // The error quotes them, so what is cut out of it was there.
    let section = right(vec!["hunter2-hunter2".to_owned()], "Keep");
    for plugin in [
        testing::in_process::<Secretive>(),
        testing::executable(executable()),
    ] {
        let plugin = plugin.config(section.clone());
        let error = plugin.call("fail", json!({})).expect_err("it fails");
        assert_eq!(error.code(), "told");
    }
}
