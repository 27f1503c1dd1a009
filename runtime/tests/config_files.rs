//! Config files: what they may hold, what overrides what, and how changes of them are taken up.

#![cfg(feature = "config-watch")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "common/live.rs"]
mod live;
#[path = "common/log.rs"]
mod log;

use std::path::{Path, PathBuf};
use std::time::Duration;

use dagstack_runtime::{ConfigSource, FileConfig, HookContext, Registry};
use live::First;
use log::Log;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);
const NOTHING: [(&str, &str); 0] = [];

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The tree of a folder's files, or what is wrong with them.
async fn load(folder: &TempDir, variables: &[(&str, &str)]) -> Result<Value, String> {
    let source = FileConfig::in_folder(folder.path()).with_variables(variables.iter().copied());
    source.load().await.map_err(|error| error.to_string())
}

async fn error_of(files: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    load(&folder(files), variables).await.unwrap_err()
}

#[tokio::test]
async fn files_and_variables_lie_over_each_other() {
    let files = folder(&[
        (
            "app-config.yaml",
            "chunker:\n  my-plugin:\n    a: base\n    b: base\n    c: base\n    maxSize: 1\n    list: [1, 2]\n    gone: 1\n",
        ),
        (
            "app-config.local.toml",
            "[chunker.my-plugin]\nb = 'local'\nc = 'local'\nlist = [3]\n",
        ),
        (
            "app-config.prod.json",
            r#"{"chunker": {"my-plugin": {"c": "prod", "gone": null, "big": 18446744073709551615}}}"#,
        ),
        (
            "app-config.test.yaml",
            "chunker: { my-plugin: { c: test } }",
        ),
    ]);
    let variables = [
        ("DAGSTACK_ENV", "prod"),
        ("DAGSTACK_CONFIG__CHUNKER__MY_PLUGIN__MAXSIZE", "7"),
        ("DAGSTACK_CONFIG__TOOL__NEW__RATIO", "0.5"),
        ("DAGSTACK_CONFIG__TOOL__NEW__ON", "true"),
        ("DAGSTACK_CONFIG__TOOL__NEW__NUMBER", "007"),
        ("DAGSTACK_CONFIG__TOOL__NEW__PASSWORD", "12345678"),
        ("DAGSTACK_CONFIG__TOOL__NEW__TEXT", "${HOME} [1] {a: b}"),
        ("DAGSTACK_CONFIG__", "no key"),
        ("OTHER", "1"),
    ];
    let tree = load(&files, &variables).await.unwrap();
    assert_eq!(
        tree,
        json!({
            "chunker": { "my-plugin": {
                "a": "base", "b": "local", "c": "prod", "maxSize": 7, "list": [3], "gone": null,
                "big": 18_446_744_073_709_551_615_u64,
            } },
            "tool": { "new": {
                "ratio": 0.5, "on": true, "number": "007", "password": "12345678",
                "text": "${HOME} [1] {a: b}",
            } },
        })
    );
    let without = FileConfig::in_folder(files.path())
        .with_variables(variables)
        .without_environment();
    assert_eq!(without.load().await.unwrap().get("tool"), None);
}

#[tokio::test]
async fn variables_are_expanded_after_parsing() {
    let text = r#"
t:
  it:
    number: ${NUMBER}
    default: ${UNSET:-100}
    empty: "${EMPTY:-full}"
    none: ${EMPTY}
    mixed: "${HOST:-localhost}:${NUMBER}"
    escaped: $${NUMBER} costs $5
    open: "${NUMBER"
    nested: "${UNSET:-${NUMBER}}"
    injected: ${YAML}
    token: ${DIGITS}
    list: ["${NUMBER}", plain]
"#;
    let variables = [
        ("NUMBER", "42"),
        ("EMPTY", ""),
        ("YAML", "a: 1\nb: [2] # ${NUMBER}"),
        ("DIGITS", "0123456789"),
    ];
    let tree = load(&folder(&[("app-config.yaml", text)]), &variables).await;
    assert_eq!(
        tree.unwrap()["t"]["it"],
        json!({
            "number": 42,
            "default": 100,
            "empty": "full",
            "none": "",
            "mixed": "localhost:42",
            "escaped": "${NUMBER} costs $5",
            "open": "${NUMBER",
            "nested": "${NUMBER}",
            "injected": "a: 1\nb: [2] # ${NUMBER}",
            "token": "0123456789",
            "list": [42, "plain"],
        })
    );
}

#[tokio::test]
async fn an_unset_variable_is_named_with_its_file_and_path() {
    let base = "chunker:\n  fixed:\n    host: ${DB_HOST}\n    list: [a, '${LIST}']\n    other: '${OTHER}'\n";
    let files = [
        ("app-config.yaml", base),
        ("app-config.local.yaml", "chunker: { fixed: { other: x } }"),
    ];
    let error = error_of(&files, &NOTHING).await;
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2, "{error}");
    assert!(
        lines[0].contains("app-config.yaml:3: `chunker.fixed.host`: "),
        "{error}"
    );
    assert!(lines[0].contains("`DB_HOST` is not set"), "{error}");
    assert!(lines[0].contains("`${DB_HOST:-…}`"), "{error}");
    assert!(lines[1].contains("`chunker.fixed.list[1]`"), "{error}");

    let no_name = [("app-config.yaml", "a: { password: 'x${hunter-2x}y' }")];
    let error = error_of(&no_name, &NOTHING).await;
    assert!(
        error.contains("`a.password`") && error.contains("`$${`"),
        "{error}"
    );
    assert!(!error.contains("hunter"), "{error}");
}

#[tokio::test]
async fn the_reason_of_a_plugin_names_the_file_once() {
    let files = folder(&[(
        "app-config.yaml",
        "live: { first: { max_size: '${SIZE}' } }",
    )]);
    let place = files.path().to_str().unwrap();
    let file = FileConfig::file(files.path().join("app-config.yaml"));
    for source in [FileConfig::in_folder(files.path()), file] {
        let registry = Registry::builder()
            .plugin::<First>()
            .config(source.with_variables(NOTHING));
        let report = registry.build().unwrap().setup_all().await;
        let reason = report.get("live", "first").unwrap().state.reason().unwrap();
        let text = &reason.message;
        assert_eq!(text.matches(place).count(), 1, "{text}");
        assert!(text.contains("`live.first.max_size`"), "{text}");
        assert!(text.contains("`SIZE` is not set"), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_config_is_explained_without_quoting_it() {
    let secret = "hunter2x";
    for (name, text, words) in [
        (
            "app-config.yaml",
            "a:\n  password: [hunter2x\nb: 1\n",
            "it is no YAML",
        ),
        ("app-config.yaml", "a: hunter2x\n b: 1\n", "line 2"),
        ("app-config.yaml", "hunter2x", "root is no table"),
        ("app-config.yaml", "- hunter2x", "root is no table"),
        (
            "app-config.yaml",
            "a: 1\n---\npassword: hunter2x\n",
            "several documents",
        ),
        (
            "app-config.toml",
            "[a]\npassword = hunter2x\n",
            "it is no TOML",
        ),
        ("app-config.toml", "[a]\npassword = hunter2x\n", "in line 2"),
        (
            "app-config.json",
            "{\"password\": hunter2x}",
            "it is no JSON",
        ),
        ("app-config.json", "[\"hunter2x\"]", "root is no table"),
    ] {
        let error = error_of(&[(name, text)], &NOTHING).await;
        assert!(error.contains(words), "{text:?}: {error}");
        assert!(error.contains(name), "{error}");
        assert!(!error.contains(secret), "{error}");
    }
    let not_utf8 = folder(&[]);
    std::fs::write(not_utf8.path().join("app-config.yaml"), b"a: \xff\n").unwrap();
    let error = load(&not_utf8, &NOTHING).await.unwrap_err();
    assert!(error.contains("it is not UTF-8"), "{error}");
}

#[tokio::test]
async fn files_that_are_missing_or_there_twice() {
    let error = error_of(&[("app-config.local.yaml", "a: 1")], &NOTHING).await;
    assert!(error.contains("app-config.yaml: "), "{error}");
    let twice = [("app-config.yaml", "a: 1"), ("app-config.json", "{}")];
    let error = error_of(&twice, &NOTHING).await;
    assert!(error.contains("are the same layer"), "{error}");
    let up = [("DAGSTACK_ENV", "../prod")];
    let error = error_of(&[("app-config.yaml", "a: 1")], &up).await;
    assert!(error.contains("DAGSTACK_ENV"), "{error}");
    for text in ["", "# nothing yet\n", "---\n", "\u{feff}{}"] {
        let files = folder(&[("app-config.yaml", text)]);
        assert_eq!(load(&files, &NOTHING).await, Ok(json!({})), "{text:?}");
    }
    let other = FileConfig::file("settings.ini").load().await.unwrap_err();
    assert!(other.to_string().contains("extension"), "{other}");
}

/// The fixture's executable, which Cargo builds with the tests.
fn fixture() -> String {
    let test = std::env::current_exe().unwrap();
    let folder: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
    folder.join("live_fixture").to_str().unwrap().to_owned()
}

/// A registry with the plugin in process and its twin over stdio, and what the host is told of
/// `test`, which every edit of these tests changes.
async fn watched(source: FileConfig) -> (Registry, UnboundedReceiver<Value>) {
    let registry = Registry::builder()
        .plugin::<First>()
        .executable("live", "child", [fixture()])
        .config(source.with_variables(NOTHING))
        .build()
        .unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let (tell, told) = unbounded_channel();
    registry.on_section_change("test", move |_: &Value, new: &Value| tell.send(new.clone()));
    (registry, told)
}

async fn told(registry: &Registry, name: &str, at_least: usize) -> Vec<(Value, Value)> {
    let plugin = registry.plugin("live", name).unwrap();
    let ctx = HookContext::new().with_timeout(PATIENCE);
    let args = json!({ "at_least": at_least });
    let changes = plugin.call("changes", &ctx, args).await.unwrap();
    let changes = changes.as_array().unwrap().iter();
    changes
        .map(|it| (it["old"]["max_size"].clone(), it["new"]["max_size"].clone()))
        .collect()
}

async fn next(told: &mut UnboundedReceiver<Value>) -> Value {
    let next = tokio::time::timeout(PATIENCE, told.recv()).await;
    next.expect("nobody was told").unwrap()
}

fn text(size: &str, test: u32) -> String {
    format!("live:\n  first:\n    max_size: {size}\n  child:\n    max_size: {size}\ntest: {test}\n")
}

/// Waits until the log says so.
async fn logged(log: &Log, words: &[&str]) -> String {
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(line) = log.lines(words).pop() {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let found = found.await;
    found.unwrap_or_else(|_| panic!("not in the log: {words:?}\n{}", log.text()))
}

/// As editors do it: a new file takes the place of the old one.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("tmp");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

#[tokio::test]
async fn an_edited_file_reaches_plugins_in_process_and_over_stdio_once() {
    let (log, _guard) = Log::start();
    let files = folder(&[("app-config.yaml", &text("1", 0))]);
    let path = files.path().join("app-config.yaml");
    let (registry, mut host) = watched(FileConfig::in_folder(files.path())).await;

    std::fs::write(&path, text("2", 1)).unwrap();
    assert_eq!(next(&mut host).await, 1);
    for name in ["first", "child"] {
        assert_eq!(told(&registry, name, 1).await, [(json!(1), json!(2))]);
    }

    // A bad edit: by value, and by syntax.
    std::fs::write(&path, text("many", 2)).unwrap();
    let line = logged(
        &log,
        &["reload_rejected", "live.first.max_size", "change_id="],
    )
    .await;
    assert!(line.contains("expected an integer"), "{line}");
    assert!(line.contains("live.child.max_size"), "{line}");
    std::fs::write(&path, "live: [\n").unwrap();
    logged(
        &log,
        &["reload_rejected", "it is no YAML", "app-config.yaml"],
    )
    .await;
    assert!(host.try_recv().is_err());
    for name in ["first", "child"] {
        assert_eq!(told(&registry, name, 0).await.len(), 1);
    }

    // Mended, by an editor that replaces the file.
    replace(&path, &text("3", 3));
    assert_eq!(next(&mut host).await, 3);
    for name in ["first", "child"] {
        let all = [(json!(1), json!(2)), (json!(2), json!(3))];
        assert_eq!(told(&registry, name, 2).await, all);
    }
    registry.teardown_all().await.unwrap();
}

#[tokio::test]
async fn files_that_appear_and_go_are_taken_up() {
    let files = folder(&[("app-config.yaml", &text("1", 0))]);
    let (registry, mut host) = watched(FileConfig::in_folder(files.path())).await;
    let local = files.path().join("app-config.local.toml");
    std::fs::write(&local, "test = 1\n[live.first]\nmax_size = 5\n").unwrap();
    assert_eq!(next(&mut host).await, 1);
    std::fs::remove_file(&local).unwrap();
    assert_eq!(next(&mut host).await, 0);
    let all = [(json!(1), json!(5)), (json!(5), json!(1))];
    assert_eq!(told(&registry, "first", 2).await, all);
    assert!(told(&registry, "child", 0).await.is_empty());
}

#[tokio::test]
async fn a_link_that_turns_elsewhere_and_the_file_behind_it_are_watched() {
    let files = folder(&[]);
    for (name, test) in [("one", 1), ("two", 2)] {
        let folder = files.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("settings.yaml"), text("1", test)).unwrap();
    }
    // As a ConfigMap is mounted.
    let (data, path) = (
        files.path().join("..data"),
        files.path().join("settings.yaml"),
    );
    std::os::unix::fs::symlink("one", &data).unwrap();
    std::os::unix::fs::symlink("..data/settings.yaml", &path).unwrap();
    let (_registry, mut host) = watched(FileConfig::file(&path)).await;
    std::fs::write(files.path().join("one/settings.yaml"), text("1", 11)).unwrap();
    assert_eq!(next(&mut host).await, 11);
    let new = files.path().join("..new");
    std::os::unix::fs::symlink("two", &new).unwrap();
    std::fs::rename(&new, &data).unwrap();
    assert_eq!(next(&mut host).await, 2);
}
