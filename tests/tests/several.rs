//! An executable that holds several plugins, under MCP clients and under dagstack hosts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use dagstack_runtime::{HookContext, Registry};
use dagstack_tests::{built, interop};
use serde_json::{Value, json};

/// The executable with these arguments, given these lines.
fn run(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(built("toolbox"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// `initialize` by a client with these capabilities, then the requests; the answers by their ids, with
/// what was logged.
fn session(args: &[&str], capabilities: &Value, requests: &[Value]) -> (Vec<Value>, String) {
    let initialize = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": capabilities,
        "clientInfo": { "name": "a client", "version": "1" },
    });
    let requests = requests
        .iter()
        .map(|it| (it["method"].clone(), it["params"].clone()));
    let all = std::iter::once((json!("initialize"), initialize)).chain(requests);
    let lines: String = (0..)
        .zip(all)
        .map(|(id, (method, params))| {
            let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
            format!("{line}\n")
        })
        .collect();
    let output = run(args, &lines);
    assert!(output.status.success(), "{output:?}");
    let mut answers: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    (answers, text(&output.stderr))
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({ "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

fn list() -> Value {
    json!({ "method": "tools/list", "params": {} })
}

fn names(answer: &Value) -> Vec<&str> {
    let tools = answer["result"]["tools"].as_array().expect("a list");
    tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect()
}

fn config(folder: &Path) -> PathBuf {
    let file = folder.join("config.toml");
    let text = "[tool.table]\nrows = [{ name = \"Ada\", role = \"engineer\" }, { name = \"Max\", role = \"cook\" }]\n";
    std::fs::write(&file, text).expect("a file");
    file
}

const ROLE: &str = r#"{"column": "role", "value": "cook"}"#;

fn role() -> Value {
    serde_json::from_str(ROLE).expect("JSON")
}

#[test]
fn one_server_has_the_tools_of_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = config(folder.path());
    let lines = json!({ "text": "one\ntwo one", "word": "ONE" });
    let (answers, log) = session(
        &["--config", file.to_str().expect("UTF-8")],
        &json!({}),
        &[
            list(),
            call("table_count", role()),
            call("search_count", lines.clone()),
            call("tool.search.execute.count", lines.clone()),
            call("count", lines),
            call("rows", role()),
        ],
    );
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "toolbox");
    assert_eq!(
        names(&answers[1]),
        ["table_rows", "table_count", "search_lines", "search_count"]
    );
    let result = |at: usize| &answers[at]["result"]["structuredContent"]["result"];
    assert_eq!(
        (result(2), result(3), result(4)),
        (&json!(1), &json!(2), &json!(2))
    );
    let said = answers[5]["error"]["message"].as_str().expect("an error");
    assert_eq!(
        said,
        "several plugins have a tool `count`; call one of: table_count, search_count"
    );
    assert_eq!(result(6), &json!([{ "name": "Max", "role": "cook" }]));
    assert_eq!(log, "");
}

/// Each has its section, its variables and its `--set`.
#[test]
fn each_has_its_own_config() {
    let folder = tempfile::tempdir().expect("a folder");
    let role = "table.rows[0].role=cook";
    let count = |args: &[&str]| {
        let output = run(&[args, &["call", "table_count", ROLE]].concat(), "");
        assert!(output.status.success(), "{args:?}: {output:?}");
        text(&output.stdout)
    };
    assert_eq!(count(&["--set", role]), "1\n");
    assert_eq!(count(&["--set", &format!("tool.{role}")]), "1\n");
    // The only one that is meant need not be named.
    assert_eq!(count(&["--only", "table", "--set", "rows=[{}]"]), "0\n");
    let misspelt = folder.path().join("misspelt.toml");
    std::fs::write(&misspelt, "[tool.tabel]\nrows = []\n").expect("a file");
    let misspelt = misspelt.to_str().expect("UTF-8");
    for (args, says) in [
        (
            &["--set", "rows=[]"][..],
            "`--set rows`: it names no plugin that is served\nhelp: there are tool.table, tool.search; write `--set tool.table.rows=…`",
        ),
        (
            &["--set", "search.words=x"],
            "`tool.search.words`: unknown key",
        ),
        (
            &["--config", misspelt],
            "misspelt.toml:1: `[tool.tabel]` is no plugin's section (did you mean `[tool.table]`?)",
        ),
    ] {
        let output = run(&[args, &["check"]].concat(), "");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
    }
    let output = run(&["--set", role, "check"], "");
    let said = text(&output.stdout);
    assert!(
        said.contains("tool.table: config: ok, from `--set tool.table.rows[0].role`\n"),
        "{said}"
    );
    assert!(
        said.contains("tool.search: schemas: ok, of 2 hooks\n"),
        "{said}"
    );
}

#[test]
fn one_that_cannot_be_set_up_keeps_the_others_from_nothing() {
    let lines = json!({ "text": "one", "word": "one" });
    let (answers, log) = session(
        &["--set", "table.rows=[]"],
        &json!({}),
        &[call("table_count", role()), call("search_count", lines)],
    );
    assert!(answers[0]["result"].is_object(), "{}", answers[0]);
    let error = &answers[1]["result"];
    assert_eq!(error["isError"], true);
    let said = error["content"][0]["text"].as_str().expect("a text");
    assert!(said.starts_with("unavailable: "), "{said}");
    assert!(said.ends_with("the table has no rows"), "{said}");
    assert_eq!(answers[2]["result"]["structuredContent"]["result"], 1);
    assert!(log.contains("`tool.table` could not be set up"), "{log}");
}

/// A config that does not fit is told at once, whichever plugin's it is; the mend names the way around.
#[test]
fn a_config_that_does_not_fit_ends_the_program() {
    let output = run(
        &[],
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}\n",
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`tool.table.rows`: missing"), "{said}");
    assert!(
        said.contains("`--only NAME` serves the plugin NAME alone"),
        "{said}"
    );
    let answer: Value = serde_json::from_str(&text(&output.stdout)).expect("JSON");
    assert_eq!(answer["error"]["data"]["code"], "config_invalid");
}

#[test]
fn only_those_that_are_named_are_served() {
    for (args, tools) in [
        (
            &["--only", "search"][..],
            &["search_lines", "search_count"][..],
        ),
        (
            &["--plugin", "tool.search"],
            &["search_lines", "search_count"],
        ),
        (
            &["--only", "search", "--only", "tool.table"],
            &["table_rows", "table_count", "search_lines", "search_count"],
        ),
    ] {
        // What is not served is not set up: the table alone lacks its config.
        let set = ["--set", "table.rows=[]"];
        let set = &set[..if tools.len() == 2 { 0 } else { 2 }];
        let (answers, log) = session(&[args, set].concat(), &json!({}), &[list()]);
        assert_eq!(names(&answers[1]), tools, "{args:?}");
        assert_eq!(log.is_empty(), tools.len() == 2, "{log}");
    }
    for (args, says) in [
        (&["--only", "serch"][..], "did you mean `tool.search`?"),
        (&["--plugin", "search"], "did you mean `tool.search`?"),
        (
            &["--plugin", "tool.nothing"],
            "there are: tool.table, tool.search",
        ),
        (
            &["manifest"],
            "say which by `--plugin`, as in `--plugin tool.table`",
        ),
    ] {
        let output = run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(says), "{args:?}: {said}");
    }
}

#[test]
fn the_command_line_knows_each_by_its_name() {
    let said = |args: &[&str]| {
        let output = run(args, "");
        assert!(output.status.success(), "{args:?}: {output:?}");
        text(&output.stdout)
    };
    assert_eq!(
        said(&["--version"]),
        "tool.table 0.1.0\ntool.search 0.1.0\n"
    );
    assert_eq!(
        said(&["--only", "table", "--version"]),
        "tool.table 0.1.0\n"
    );
    let help = said(&["--help"]);
    for part in [
        "hooks of tool.table\n",
        "config of tool.table: defaults, then",
        "hooks of tool.search\n",
    ] {
        assert!(help.contains(part), "{help}");
    }
    let schemas: Value = serde_json::from_str(&said(&["schema"])).expect("JSON");
    assert!(schemas["tool.search"]["hooks"]["lines"]["input"].is_object());
    let one: Value = serde_json::from_str(&said(&["--only", "search", "schema"])).expect("JSON");
    assert_eq!(one, schemas["tool.search"]);
    let arguments = r#"{"text": "one", "word": "one"}"#;
    for tool in ["search_count", "tool.search.execute.count"] {
        assert_eq!(said(&["call", tool, arguments]), "1\n");
    }
    assert_eq!(
        said(&["--plugin", "tool.search", "call", "count", arguments]),
        "1\n"
    );
    let output = run(&["call", "count", arguments], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("call one of: table_count, search_count"));
}

/// A dagstack host knows each by its manifest.
#[tokio::test]
async fn a_host_has_each_by_its_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    for plugin in ["table", "search"] {
        let place = folder.path().join(plugin);
        std::fs::create_dir(&place).expect("a folder");
        let manifest = place.join("dagstack.toml");
        let output = run(
            &[
                "manifest",
                "--plugin",
                &format!("tool.{plugin}"),
                "-o",
                manifest.to_str().expect("UTF-8"),
            ],
            "",
        );
        assert!(output.status.success(), "{output:?}");
    }
    let rows = json!({ "rows": [{ "name": "Max", "role": "cook" }] });
    let registry = Registry::builder()
        .discover(folder.path())
        .config(dagstack_runtime::config::MemoryConfig::new(
            json!({ "tool": { "table": rows } }),
        ))
        .build()
        .expect("a registry");
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let ctx = HookContext::default();
    for (plugin, arguments, count) in [
        ("table", role(), 1),
        ("search", json!({ "text": "one", "word": "two" }), 0),
    ] {
        let handle = registry.plugin("tool", plugin).expect("it is there");
        let called = handle.call("count", &ctx, arguments).await;
        assert_eq!(called.expect("an answer"), json!(count), "{plugin}");
    }
    registry.teardown_all().await.expect("it ends");
}

/// Tests say which they mean.
#[test]
fn tests_have_each_by_its_key() {
    use dagstack_plugin::testing::{self, TestPlugin};

    let counts = |plugin: TestPlugin| {
        let lines = json!({ "text": "one", "word": "one" });
        assert_eq!(plugin.call("count", lines), Ok(json!(1)));
    };
    counts(testing::in_process::<toolbox::Search>());
    counts(testing::executable(built("toolbox")).args(["--plugin", "tool.search"]));
}

#[test]
fn a_host_that_does_not_say_which_is_told_to() {
    let extension = json!({ "experimental": { "dev.dagstack/plugin": { "version": 1 } } });
    let health = json!({ "method": "dagstack/health", "params": {} });
    let execute = json!({ "method": "execute", "params": { "args": {} } });
    let (answers, _) = session(&[], &extension, &[health, execute]);
    for answer in &answers {
        let said = answer["error"]["message"].as_str().expect("an error");
        assert!(
            said.ends_with("say which by `--plugin`, as in `--plugin tool.table`"),
            "{said}"
        );
    }
}

/// What official clients see.
#[test]
fn clients_call_the_tools_of_all() {
    let calls = json!([["search_count", { "text": "one", "word": "one" }], ["table_rows", role()]]);
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("toolbox.sh");
    let program = built("toolbox");
    let lines = format!(
        "#!/bin/sh\nexec '{}' --set 'table.rows[0].role=cook'\n",
        program.display()
    );
    std::fs::write(&script, lines).expect("a file");
    let mut rights = std::fs::metadata(&script)
        .expect("it is there")
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o755);
    std::fs::set_permissions(&script, rights).expect("it is ours");
    let program = script.to_str().expect("UTF-8");
    let seen = [
        interop::python_client("legacy", program, &calls),
        interop::python_client("auto", program, &calls),
        interop::typescript_client(program, &calls),
    ];
    for seen in seen.into_iter().flatten() {
        let tools = seen["tools"].as_array().expect("a list");
        let names: Vec<_> = tools
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect();
        assert_eq!(
            names,
            ["table_rows", "table_count", "search_lines", "search_count"]
        );
        assert_eq!(seen["answers"][0]["structured"]["result"], 1);
        assert_eq!(
            seen["answers"][1]["structured"]["result"],
            json!([{ "role": "cook" }])
        );
    }
}
