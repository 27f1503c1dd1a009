//! The config of an executable without a dagstack host: files, variables, `--set`; and with one, where
//! none of them counts.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dagstack_runtime::{HookContext, MemoryConfig, Registry, StdioCommand};
use dagstack_tests::built;
use dagstack_tests::configured::Sql;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The executable in a folder with files, with nothing but these variables.
fn run(folder: &TempDir, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(built("configured"))
        .env_clear()
        .envs(variables.iter().copied())
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // It may have ended without reading.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// What the plugin's config is.
fn config(folder: &TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let arguments = [arguments, &["call", "config", "{}"]].concat();
    let output = run(folder, variables, &arguments, "");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("a result")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SHOP: &str = "database = 'shop.db'\n";

/// Files, variables, arguments, and what is printed.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

/// The lines to the letter, because people read them: each says where, which key, what is expected and
/// the mend.
const MISTAKES: [Case<'_>; 21] = [
    (
        "databas = 'shop.db'\n",
        &[("SQL_DATABASE", "x")],
        &["--config", "sql.toml"],
        "error: config_invalid: sql.toml:1: `tool.sql.databas`: unknown key (did you mean `database`?); expected one of `api_key`, `color`, `connections`, `database`, `headers`, `limits`, `mode`, `tags`, `time-out`\n",
    ),
    (
        "[tool.sql]\ndatabase = 'shop.db'\n[tool.sql.limits]\nrows = 0\n",
        &[],
        &["--config", "sql.toml"],
        "error: config_invalid: sql.toml:4: `tool.sql.limits.rows`: found 0; expected an integer from 1 to 1000\n",
    ),
    (
        "[tool.sq]\ndatabase = 'shop.db'\n",
        &[],
        &["--config", "sql.toml"],
        "error: config_invalid: sql.toml: no section `[tool.sql]` (did you mean `[tool.sq]`?)\nhelp: it has `[tool.sq]`; add `[tool.sql]`, or start without `--config`\n",
    ),
    (
        "database = '${SHOP}'\n",
        &[],
        &["--config", "sql.toml"],
        "error: config_invalid: sql.toml:1: `tool.sql.database`: the environment variable `SHOP` is not set; set it, or give a default: `${SHOP:-…}`\n",
    ),
    (
        "database = \n",
        &[],
        &["--config", "sql.toml"],
        "error: config_invalid: sql.toml: it is no TOML: string values must be quoted, expected literal string, in line 1\n",
    ),
    (
        "",
        &[],
        &[],
        "error: config_invalid: `tool.sql.database`: missing; expected text\nhelp: set the variable `SQL_DATABASE`, `--set database=…` or `database` in a file given by `--config`\n",
    ),
    (
        "",
        &[("SQL_DATABSE", "shop.db")],
        &[],
        "error: config_invalid: variable `SQL_DATABSE`: it sets no key of `tool.sql` (did you mean `SQL_DATABASE`?)\nhelp: rename or unset it; if it is another program's, start this one with `SQL_DATABSE=` (empty)\n",
    ),
    (
        SHOP,
        &[("SQL_LIMITS_ROWS", "5")],
        &["--config", "sql.toml"],
        "error: config_invalid: variable `SQL_LIMITS_ROWS`: it sets no key of `tool.sql` (did you mean `SQL_LIMITS__ROWS`?)\nhelp: rename or unset it; if it is another program's, start this one with `SQL_LIMITS_ROWS=` (empty)\n",
    ),
    (
        SHOP,
        &[("SQL_LIMITS__ROWZ", "5")],
        &["--config", "sql.toml"],
        "error: config_invalid: variable `SQL_LIMITS__ROWZ`: `tool.sql.limits.rowz`: unknown key (did you mean `rows`?); expected one of `bytes`, `rows`\n",
    ),
    (
        SHOP,
        &[("SQL_LIMITS__ROWS", "many")],
        &["--config", "sql.toml"],
        "error: config_invalid: variable `SQL_LIMITS__ROWS`: `tool.sql.limits.rows`: found the text \"many\"; expected an integer from 1 to 1000\n",
    ),
    (
        SHOP,
        &[("SQL_MODE", "readonly")],
        &["--config", "sql.toml"],
        "error: config_invalid: variable `SQL_MODE`: `tool.sql.mode`: found the text \"readonly\" (did you mean `read_only`?); expected one of `read_only`, `read_write`\n",
    ),
    (
        SHOP,
        &[("SQL_TAGS", "a,b")],
        &["--config", "sql.toml"],
        "error: config_invalid: variable `SQL_TAGS`: `tool.sql.tags`: found the text \"a,b\"; expected an array, each item text, written as JSON\n",
    ),
    (
        SHOP,
        &[("SQL_time_out", "1"), ("SQL_TIME_OUT", "2")],
        &["--config", "sql.toml"],
        "error: config_invalid: `tool.sql.time-out`: two variables set it: `SQL_TIME_OUT` and `SQL_time_out`\nhelp: keep one of them\n",
    ),
    (
        "database = 'shop.db'\napi_key = 'hunter2hunter2'\n",
        &[("SQL_API_KEY", "hunter3hunter3")],
        &["--config", "sql.toml"],
        "error: config_invalid: `tool.sql.api_key`: a secret with two sources: sql.toml:2, and variable `SQL_API_KEY`\nhelp: keep one of them\n",
    ),
    (
        SHOP,
        &[("SQL_API_KEY", "hunter3hunter3")],
        &["--config", "sql.toml", "--set", "api_key=hunter4hunter4"],
        "warning: `--set api_key` sets a secret, and other users of this machine can read the arguments of its programs; use the variable `SQL_API_KEY`\nerror: config_invalid: `tool.sql.api_key`: a secret with two sources: variable `SQL_API_KEY`, and `--set api_key`\nhelp: keep one of them\n",
    ),
    (
        SHOP,
        &[],
        &["--config", "sql.toml", "--set", "limits.rowz=5"],
        "error: config_invalid: `--set limits.rowz`: `tool.sql.limits.rowz`: unknown key (did you mean `rows`?); expected one of `bytes`, `rows`\n",
    ),
    (
        SHOP,
        &[],
        &["--config", "sql.toml", "--set", "limits.rows=5.5"],
        "error: config_invalid: `--set limits.rows`: `tool.sql.limits.rows`: found 5.5; expected an integer from 1 to 1000\n",
    ),
    (
        SHOP,
        &[],
        &["--config", "sql.toml", "--set", "tags[2]=a"],
        "error: config_invalid: `--set tags[2]`: `tags` has 0 items; the next is `tags[0]`\n",
    ),
    (
        SHOP,
        &[],
        &["--config", "sql.toml", "--set", "api_key"],
        "error: config_invalid: `--set api_key`: it has no `=`\nhelp: write `--set key=value`, for example `--set limits.rows=5`\n",
    ),
    (
        SHOP,
        &[],
        &["--config", "sql.toml", "--set", "limits..rows=hunter2"],
        "error: config_invalid: `--set limits.…`: the path cannot be read from there on\nhelp: write keys with dots between them and items in brackets: `--set limits.rows=5`, `--set tags[0]=a`, `--set 'headers[\"a.b\"]=c'`\n",
    ),
    (
        "database = 'shop.db'\n[limits]\nrows = 0\n",
        &[("SQL_COLOR", "yes")],
        &["--config", "sql.toml", "--set", "time-out=soon"],
        "error: config_invalid: invalid config for `tool.sql`\n  variable `SQL_COLOR`: `tool.sql.color`: found the text \"yes\"; expected true or false\n  sql.toml:3: `tool.sql.limits.rows`: found 0; expected an integer from 1 to 1000\n  `--set time-out`: `tool.sql.time-out`: found the text \"soon\"; expected a number or null\n",
    ),
];

#[test]
fn n2_a_mistake_is_told_by_its_source_and_key_with_the_mend() {
    for (file, variables, arguments, printed) in MISTAKES {
        let folder = folder(&[("sql.toml", file)]);
        // Serving, a call, and a check: nothing is set up.
        for command in [&[][..], &["call", "config", "{}"], &["check"]] {
            let output = run(&folder, variables, &[arguments, command].concat(), "");
            let error = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
            assert_eq!(error, printed, "{command:?}");
        }
    }
}

#[test]
fn n2_files_that_cannot_be_read_are_told_in_words_of_their_format() {
    for (name, text, words) in [
        (
            "bad.yaml",
            "database: [hunter2\nlimits: 1\n",
            "bad.yaml: it is no YAML: ",
        ),
        (
            "bad.yml",
            "- hunter2\n",
            "bad.yml: its root is no table of settings",
        ),
        (
            "bad.json",
            "{\"database\": hunter2}",
            "bad.json: it is no JSON: ",
        ),
        (
            "bad.json",
            "{\"a\": 1,\n\"a\": 2}",
            "bad.json: it is no JSON: a key is there twice, in line 2",
        ),
        ("bad", "database: 'x\n", "bad: it is no YAML: "),
        ("bad", "database = 'x\n", "bad: it is no TOML: "),
    ] {
        let folder = folder(&[(name, text)]);
        let output = run(&folder, &[], &["--config", name, "check"], "");
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.starts_with(&format!("error: config_invalid: {words}")),
            "{error}"
        );
        assert!(
            !error.contains("hunter2") && !error.contains("missing"),
            "{error}"
        );
    }
    let nowhere = folder(&[]);
    let error = stderr(&run(&nowhere, &[], &["--config", "a/b.toml"], ""));
    let path = nowhere
        .path()
        .canonicalize()
        .expect("it is there")
        .join("a/b.toml");
    assert!(
        error.contains(&format!("it was looked for as `{}`", path.display())),
        "{error}"
    );
}

/// What was found is not quoted where a secret may be in it: in text that was to be JSON, in what a
/// variable of a file stands for, and behind what is no `=`.
#[test]
fn no_mistake_quotes_what_may_be_a_secret() {
    let json = "{\"password\": \"hunter2\",}";
    let assignment = format!("headers={json}");
    let cases: [Case<'_>; 6] = [
        (
            SHOP,
            &[("SQL_HEADERS", json)],
            &["--config", "sql.toml"],
            "begins like JSON and is none; expected an object",
        ),
        (
            SHOP,
            &[("SQL_LIMITS", "{\"api_key\": \"hunter2\"")],
            &["--config", "sql.toml"],
            "begins like JSON",
        ),
        (
            SHOP,
            &[],
            &["--config", "sql.toml", "--set", &assignment],
            "`--set headers`: `tool.sql.headers`: ",
        ),
        (
            "",
            &[],
            &["--set", "api_key:hunter2"],
            "`--set api_key`: it has no `=`",
        ),
        (
            "database = 'x'\nconnections = '${N}'\n",
            &[("N", "hunter2")],
            &["--config", "sql.toml"],
            "sql.toml:2: `tool.sql.connections`: found a text, what `${…}` stands for; expected an integer",
        ),
        (
            SHOP,
            &[("SQL_LIMITS", "hunter2"), ("SQL_LIMITS__ROWS", "5")],
            &["--config", "sql.toml"],
            "keep one of them",
        ),
    ];
    for (file, variables, arguments, says) in cases {
        let folder = folder(&[("sql.toml", file)]);
        let output = run(&folder, variables, &[arguments, &["check"]].concat(), "");
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(says) && !error.contains("hunter2'"),
            "{error}"
        );
        assert!(
            !error.contains("hunter2") || says == "keep one of them",
            "{error}"
        );
    }
}

/// Depth and size are bounded, whatever says them.
#[test]
fn what_is_too_deep_or_too_large_is_refused() {
    let deep = format!(
        "{{\"database\": {}{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let anchors: String = (0..200)
        .map(|at| format!("{:indent$}a: &a{at}\n", "", indent = at))
        .collect();
    let folder = folder(&[("deep.json", &deep), ("deep.yaml", &anchors)]);
    let large = std::fs::File::create(folder.path().join("large.toml")).expect("a file");
    large.set_len(17 << 20).expect("room");
    let path = format!("headers{}=x", ".a".repeat(20_000));
    let variable = format!("SQL_HEADERS{}", "__A".repeat(20_000));
    for (variables, arguments, says) in [
        (
            &[][..],
            &["--config", "deep.json"][..],
            "deep.json: it nests too deep",
        ),
        (&[], &["--config", "deep.yaml"], "deep.yaml: "),
        (
            &[],
            &["--config", "large.toml"],
            "large.toml: it is larger than",
        ),
        (
            &[],
            &["--set", "database=x", "--set", &path],
            "leads deeper than 120 levels",
        ),
        (
            &[("SQL_DATABASE", "x"), (&variable, "x")],
            &[],
            "leads deeper than 120 levels",
        ),
    ] {
        let output = run(&folder, variables, &[arguments, &["check"]].concat(), "");
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(says), "{arguments:.3?}: {error:.300}");
    }
}

/// Slips in the names of tables, and keys that are none, are told too.
#[test]
fn n2_no_variable_that_is_meant_is_passed_over() {
    for (variable, says) in [
        ("SQL_LIMITZ", "did you mean `SQL_LIMITS`?"),
        ("SQL_LIMITS__", "has no key behind or before it"),
        ("SQL_HEADERS____A", "has no key behind or before it"),
    ] {
        let folder = folder(&[("sql.toml", SHOP)]);
        let output = run(
            &folder,
            &[(variable, "x")],
            &["--config", "sql.toml", "check"],
            "",
        );
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{variable}: {error}");
        assert!(error.contains(says), "{variable}: {error}");
    }
}

/// What others wrote has no effect on the terminal that shows it.
#[test]
fn no_mistake_draws_on_the_terminal() {
    let folder = folder(&[]);
    let output = run(
        &folder,
        &[],
        &["--config", "\u{1b}[31mx\rerror", "check"],
        "",
    );
    let error = stderr(&output);
    assert!(!error.contains(['\u{1b}', '\r']), "{error:?}");
}

#[test]
fn n2_later_sources_win_key_by_key() {
    let folder = folder(&[(
        "sql.yaml",
        "tool:\n  sql:\n    database: file.db\n    limits: { rows: 5, bytes: 6 }\n    tags: [a, b]\n  other:\n    a: ${UNSET}\n",
    )]);
    let told = config(
        &folder,
        &[("SQL_LIMITS__ROWS", "7"), ("SQL_TIME_OUT", "1")],
        &[
            "--config",
            "sql.yaml",
            "--set",
            "tool.sql.time-out=2",
            "--set",
            "tags[1]=c",
        ],
    );
    assert_eq!(told["database"], "file.db");
    assert_eq!(told["limits"], json!({ "rows": 7, "bytes": 6 }));
    assert_eq!(told["tags"], json!(["a", "c"]));
    assert_eq!(told["time_out"], 2.0);
}

#[test]
fn n2_variables_are_typed_by_the_schema() {
    let empty = folder(&[]);
    let told = config(
        &empty,
        &[
            ("SQL_DATABASE", "0123"),
            ("SQL_API_KEY", "123456789"),
            ("SQL_MODE", "read_write"),
            ("SQL_LIMITS", r#"{"rows": 7, "bytes": 1}"#),
            ("SQL_LIMITS__BYTES", "8"),
            ("SQL_TAGS", r#"["5", "a"]"#),
            ("SQL_HEADERS__X_ONE", "1"),
            ("SQL_Time_Out", "1e1"),
            ("SQL_COLOR", "true"),
            ("SQL_CONNECTIONS", " 3 "),
        ],
        &[],
    );
    let folder = empty
        .path()
        .canonicalize()
        .expect("it is there")
        .join("0123");
    assert_eq!(
        told,
        json!({
            "database": "0123", "key": 9, "mode": "read_write", "limits": { "rows": 7, "bytes": 8 },
            "tags": ["5", "a"], "headers": { "x_one": "1" }, "time_out": 10, "color": true,
            "connections": 3, "folder": folder,
        })
    );
}

#[test]
fn n2_variables_in_files_are_typed_by_the_schema_too() {
    let folder = folder(&[(
        "sql.json",
        r#"{"database": "${NUMBER}", "limits": {"rows": "${NUMBER}"}, "headers": {"a": "${NONE:-5}"}, "tags": ["x${NUMBER}"]}"#,
    )]);
    let told = config(&folder, &[("NUMBER", "12")], &["--config", "sql.json"]);
    assert_eq!(told["database"], "12");
    assert_eq!(told["limits"]["rows"], 12);
    assert_eq!(told["headers"], json!({ "a": "5" }));
    assert_eq!(told["tags"], json!(["x12"]));
}

/// Of other programs, or unset by being empty.
#[test]
fn n2_variables_that_are_not_the_plugins_break_nothing() {
    let folder = folder(&[("sql.toml", SHOP)]);
    let foreign = [
        ("SQL_HOST", "x"),
        ("SQL_", "x"),
        ("SQL__HOST", "x"),
        ("SQL_SERVER__ROWS", "x"),
        ("SQLDATABASE", "x"),
        ("MY_SQL_DATABASE", "x"),
        ("SQL_DATABASE", ""),
        ("SQL_DATABSE", ""),
        ("SQL_LIMITS__ROWS", ""),
    ];
    let told = config(&folder, &foreign, &["--config", "sql.toml"]);
    assert_eq!(told["database"], "shop.db");
    assert_eq!(told["limits"]["rows"], 100);
    // Whoever sets both means both.
    let both = [("SQL_DATABASE", "a"), ("SQL_DATABASES", "b")];
    let output = run(&folder, &both, &["call", "config", "{}"], "");
    assert!(output.status.success(), "{output:?}");
    assert!(
        stderr(&output).starts_with("warning: variable `SQL_DATABASES`"),
        "{output:?}"
    );
}

#[test]
fn n2_arguments_reach_aliases_odd_keys_and_new_items() {
    let folder = folder(&[]);
    let told = config(
        &folder,
        &[],
        &[
            "--set",
            "database=5",
            "--set=tags[0]=7",
            "--set",
            "tags[1]=8",
            "--set",
            "headers[\"a.b\"]=c",
            "--set",
            "colour=true",
            "--set",
            "TIME_OUT=3",
        ],
    );
    assert_eq!(told["database"], "5");
    assert_eq!(told["tags"], json!(["7", "8"]));
    assert_eq!(told["headers"], json!({ "a.b": "c" }));
    assert_eq!(told["color"], true);
    assert_eq!(told["time_out"], 3.0);
}

#[test]
fn check_says_what_it_looked_at() {
    let folder = folder(&[("sql.toml", SHOP)]);
    let arguments = ["--config", "sql.toml", "--set", "limits.rows=3", "check"];
    let output = run(&folder, &[("SQL_COLOR", "true")], &arguments, "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        text,
        "config: ok, from sql.toml, variable `SQL_COLOR`, `--set limits.rows`\nresources: ok\nschemas: ok, of 2 hooks\n"
    );
}

#[test]
fn a_call_is_looked_at_before_the_setup() {
    let folder = folder(&[("sql.toml", SHOP)]);
    for (hook, json, words) in [
        (
            "confg",
            "{}",
            "has no hook `confg` (did you mean `config`?)",
        ),
        (
            "rows",
            "{\"n\": \"x\"}",
            "`tool.sql.rows.n`: found the text \"x\"",
        ),
        ("rows", "{\"m\": 1}", "`tool.sql.rows.m`: unknown key"),
        ("rows", "{}", "`tool.sql.rows.n`: missing"),
        ("rows", "{\"n\": 1, \"count\": 1}", "given more than once"),
        ("rows", "5", "must be a JSON object"),
        ("config", "{\"a\": 1}", "the hook takes no arguments"),
        ("execute", "{\"function\": 5}", "execute"),
    ] {
        let output = run(
            &folder,
            &[],
            &["--config", "sql.toml", "call", hook, json],
            "",
        );
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words) && !error.contains("SETUP"), "{error}");
    }
    let output = run(
        &folder,
        &[],
        &["--config", "sql.toml", "call", "rows", "{\"count\": 3.0}"],
        "",
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3\n", "{output:?}");
}

fn line(id: u32, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
}

fn initialize(experimental: Value) -> String {
    let client = json!({ "name": "any", "version": "1" });
    let capabilities = json!({ "experimental": experimental });
    line(
        1,
        "initialize",
        json!({ "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": client }),
    )
}

const BROKEN: [(&str, &str); 3] = [
    ("SQL_DATABASE", "environment.db"),
    ("SQL_LIMITS__ROWS", "many"),
    ("SQL_DATABSE", "x"),
];

/// Its own client hears of it, too, and the process ends.
#[test]
fn a_client_is_told_why_an_environment_does_not_fit() {
    let folder = folder(&[]);
    let output = run(&folder, &BROKEN[..2], &[], &initialize(json!({})));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("an answer");
    let message = answer["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("variable `SQL_LIMITS__ROWS`: `tool.sql.limits.rows`"),
        "{message}"
    );
    assert_eq!(answer["error"]["data"]["code"], "config_invalid");
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    assert!(
        error.starts_with("error: config_invalid: variable"),
        "{error}"
    );
    assert!(!error.contains("SETUP"), "{error}");
}

#[test]
fn under_a_dagstack_host_only_what_it_sends_counts() {
    let folder = folder(&[]);
    let session = initialize(json!({ "dev.dagstack/plugin": {} }))
        + &line(
            2,
            "dagstack/setup",
            json!({ "config": { "database": "host.db" } }),
        )
        + &line(
            3,
            "tools/call",
            json!({ "name": "config", "arguments": {} }),
        );
    let output = run(&folder, &BROKEN, &[], &session);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let called = answers
        .iter()
        .find(|answer| answer["id"] == 3)
        .expect("an answer");
    let told = &called["result"]["structuredContent"];
    let told = told.get("result").unwrap_or(told);
    assert_eq!(told["database"], "host.db", "{text}");
    assert_eq!(told["limits"]["rows"], 100, "{text}");
}

/// Linked, as an executable, and discovered: a relative path in a config starts at the host's folder
/// (newcomer 5).
#[tokio::test]
async fn n5_a_relative_path_means_the_same_in_every_runtime() {
    let plugins = tempfile::tempdir().expect("a folder");
    let manifest = Command::new(built("configured"))
        .args(["manifest", "--command"])
        .arg(built("configured"))
        .output()
        .expect("it starts");
    std::fs::write(plugins.path().join("dagstack.toml"), manifest.stdout).expect("a file");
    let start = std::path::absolute("shop.db").expect("a folder");
    let config = json!({ "tool": { "sql": { "database": "shop.db" } } });
    for builder in [
        Registry::builder().plugin::<Sql>(),
        Registry::builder().discover(plugins.path()),
        Registry::builder().executable("tool", "sql", StdioCommand::new([built("configured")])),
    ] {
        let registry = builder
            .config(MemoryConfig::new(config.clone()))
            .build()
            .expect("it builds");
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
        let plugin = registry.plugin("tool", "sql").expect("it is there");
        let told = plugin
            .call("config", &HookContext::new(), json!({}))
            .await
            .expect("a result");
        assert_eq!(told["folder"].as_str().map(Path::new), Some(&*start));
        registry.teardown_all().await.expect("it ends");
    }
}
