//! Other languages' clients against our executables.

use std::process::Command;

use dagstack_tests::interop::{self, PYTHON, json_of, python_client, script};
use dagstack_tests::many::TOOLS;
use dagstack_tests::{built, gallery, peer};
use serde_json::{Value, json};

/// What every MCP client must see of `echo`: the same list, the same answers.
fn check_echo(seen: &Value) {
    let tools = seen["tools"].as_array().expect("a list");
    assert_eq!(tools.len(), 1, "{tools:?}");
    assert_eq!(tools[0]["name"], "echo");
    assert_eq!(tools[0]["description"], "Returns `text` as it is.");
    assert_eq!(tools[0]["input"]["properties"]["text"]["type"], "string");
    assert_eq!(tools[0]["input"]["required"], json!(["text"]));
    assert_eq!(tools[0]["output"]["properties"]["result"]["type"], "string");

    let answers = seen["answers"].as_array().expect("a list");
    assert_eq!(
        answers[0],
        json!({
            "is_error": false, "structured": { "result": "hällo" }, "text": ["hällo"],
            "content": [{ "type": "text", "text": "hällo" }],
        })
    );
    assert_eq!(answers[3], answers[0], "by the specification's name");
    assert_eq!(answers[1]["is_error"], true, "{}", answers[1]);
    let text = answers[1]["text"][0].as_str().expect("a text");
    assert!(
        text.contains("invalid_arguments") && text.contains("`tool.echo.echo.text`"),
        "{text}"
    );
    // An unknown tool is a protocol error, invalid params (MCP, tools § error handling).
    assert_eq!(answers[2]["protocol_error"], -32602, "{}", answers[2]);
}

fn echo_calls() -> Value {
    json!([
        ["echo", { "text": "hällo" }],
        ["echo", { "txet": "hällo" }],
        ["nothing", {}],
        ["tool.echo.execute.echo", { "text": "hällo" }],
    ])
}

#[test]
fn python_client_with_initialize() {
    let Some(seen) = python_client("legacy", "echo", &echo_calls()) else {
        return;
    };
    assert_eq!(seen["version"], "2025-11-25");
    check_echo(&seen);
}

#[test]
fn python_client_without_initialize() {
    let Some(seen) = python_client("auto", "echo", &echo_calls()) else {
        return;
    };
    assert_eq!(seen["version"], "2026-07-28");
    check_echo(&seen);
}

#[test]
fn typescript_client() {
    let Some(seen) = interop::typescript_client("echo", &echo_calls()) else {
        return;
    };
    check_echo(&seen);
}

/// Results of every shape pass the clients' own validation against our output schemas.
#[test]
fn clients_accept_every_result_shape() {
    let calls = json!([
        ["count", { "text": "one two" }],
        ["mean_word_length", { "text": "one two three" }],
        ["mean_word_length", { "text": "" }],
        ["longest_word", { "text": "" }],
        ["length", { "text": "one" }],
        ["ranking", { "text": "one two one" }],
        ["capacity", {}],
    ]);
    let check = |seen: Value| {
        let answers = seen["answers"].as_array().expect("a list").clone();
        assert_eq!(answers[0]["structured"]["words"], 2, "{}", answers[0]);
        assert_eq!(
            answers[1]["structured"]["result"], 3.6666667,
            "{}",
            answers[1]
        );
        assert_eq!(answers[2]["is_error"], true, "{}", answers[2]);
        assert_eq!(answers[3]["structured"], json!({ "result": null }));
        assert_eq!(answers[4]["structured"], json!({ "result": "short" }));
        assert_eq!(answers[4]["text"], json!(["short"]));
        assert_eq!(answers[5]["structured"]["words"][0]["share"], 0.6666667);
        assert_eq!(answers[6]["is_error"], false, "{}", answers[6]);
        assert_eq!(answers[6]["text"][0], "{\"result\":18446744073709551615}");
    };
    let seen = [
        python_client("legacy", "text-stats", &calls),
        interop::typescript_client("text-stats", &calls),
    ];
    seen.into_iter().flatten().for_each(check);
}

/// Every content block and annotation, as each official client has it.
#[test]
fn clients_see_every_block_and_annotation() {
    let calls = json!([
        ["every", {}],
        ["nothing", {}],
        ["image", { "bytes": 300_000 }],
        ["optional", { "is_there": true }],
    ]);
    let seen = [
        python_client("legacy", "gallery", &calls),
        python_client("auto", "gallery", &calls),
        interop::typescript_client("gallery", &calls),
    ];
    let every = json!(gallery::every());
    for seen in seen.into_iter().flatten() {
        let answers = seen["answers"].as_array().expect("a list");
        let contents = [every.clone(), json!([]), json!(gallery::image(300_000))];
        for (answer, content) in answers.iter().zip(&contents) {
            assert!(answer["content"] == *content, "{answer}");
            assert_eq!(
                (&answer["is_error"], &answer["structured"]),
                (&json!(false), &Value::Null)
            );
        }
        assert_eq!(answers[3]["structured"]["result"], every);
        assert_eq!(
            (&seen["warnings"], &seen["unfit"]),
            (&json!([]), &json!([]))
        );

        let tools = seen["tools"].as_array().expect("a list");
        let listed = |name: &str| {
            let mut tools = tools.iter();
            let tool = tools
                .find(|tool| tool["name"] == name)
                .expect("it is listed");
            [&tool["title"], &tool["annotations"], &tool["output"]].map(Clone::clone)
        };
        let hints = json!({ "title": "Everything", "readOnlyHint": true, "openWorldHint": false });
        assert_eq!(listed("every"), [json!("Everything"), hints, Value::Null]);
        let hints = json!({
            "title": "Nothing", "destructiveHint": false, "idempotentHint": true,
            "openWorldHint": true,
        });
        assert_eq!(listed("nothing"), [json!("Nothing"), hints, Value::Null]);
        let [title, hints, output] = listed("titled");
        assert_eq!((title, hints), (Value::Null, Value::Null));
        assert!(output.is_object());
    }
}

/// The log view and the pages of a long list, as the official clients see them.
#[test]
fn clients_read_the_log_view_and_all_pages() {
    let calls = json!([["tell_000", { "text": "a" }], ["tell_599", { "text": "b" }]]);
    let record = |level: &str, message: &str, fields: Value| {
        let mut data = json!({ "message": message });
        if !fields.is_null() {
            data["fields"] = fields;
        }
        json!({ "level": level, "logger": "many", "data": data })
    };
    let told = |text: &str| {
        let fields = json!({ "api_key": "***", "text": text });
        record("info", "told", fields)
    };
    let error = || record("error", "an error", Value::Null);
    let debug = record("debug", "a detail", Value::Null);
    let by_session = json!([told("a"), error(), debug, told("b"), error()]);
    let by_call = json!([told("a"), error(), told("b"), error()]);
    let seen = [
        (python_client("legacy", "many", &calls), &by_session),
        (python_client("auto", "many", &calls), &by_call),
        (interop::typescript_client("many", &calls), &by_session),
    ];
    for (seen, records) in seen {
        let Some(seen) = seen else { continue };
        assert_eq!(seen["pages"], json!([250, 250, 100]));
        assert_eq!(seen["tools"].as_array().map(Vec::len), Some(TOOLS));
        assert_eq!(&seen["records"], records);
        assert_eq!(seen["answers"][1]["text"], json!(["b"]));
        assert_eq!(seen["warnings"], json!([]));
    }
}

/// A list of several pages is one to a host.
#[tokio::test]
async fn hosts_read_all_pages() {
    let registry = dagstack_runtime::Registry::builder()
        .executable("tool", "many", built("many"))
        .build();
    let registry = registry.expect("it is one plugin");
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let many = registry.plugin("tool", "many").expect("it is ready");
    let ctx = dagstack_runtime::HookContext::default();
    let listed = many.call("get_schema", &ctx, json!({})).await;
    assert_eq!(
        listed.expect("a list").as_array().map(Vec::len),
        Some(TOOLS)
    );
    let told = many.call("tell_599", &ctx, json!({ "text": "a" })).await;
    assert_eq!(told, Ok(json!("a")));
    drop(many);
    registry.teardown_all().await.expect("nothing holds it");
}

/// `echo manifest` prints what the published Python core accepts.
#[test]
fn published_core_discovers_our_manifests() {
    let Some(python) = peer(PYTHON, "published dagstack core") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["echo", "fixed-chunker", "text-stats"] {
        let output = Command::new(built(name))
            .arg("manifest")
            .output()
            .expect("it starts");
        assert!(output.status.success());
        let plugin = folder.path().join(name);
        std::fs::create_dir(&plugin).expect("a folder");
        std::fs::write(plugin.join("dagstack.toml"), output.stdout).expect("a file");
    }
    let seen = json_of(
        Command::new(python)
            .arg(script("dagstack_discover.py"))
            .arg(folder.path())
            .arg("null"),
    );
    let mut names: Vec<&str> = seen["manifests"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|manifest| manifest["name"].as_str())
        .collect();
    names.sort_unstable();
    // The published core knows the kinds `tool` and `orchestrator`; it accepts others as they are.
    assert_eq!(names, ["echo", "fixed", "text-stats"]);
}

/// Behaviour 26: a command that is relative to the manifest's folder is one that both cores load.
#[test]
fn b26_hosts_load_a_relative_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = folder.path().join("echo");
    std::fs::create_dir(&plugin).expect("a folder");
    let program = plugin.join("echo");
    std::fs::copy(built("echo"), &program).expect("a program");
    let file = plugin.join("dagstack.toml");
    let status = Command::new(&program)
        .arg("manifest")
        .arg("-o")
        .arg(&file)
        .status();
    assert!(status.expect("it starts").success());
    let manifest = dagstack_runtime::Manifest::load(&file).expect("a manifest");
    assert_eq!(
        manifest.mcp_stdio.expect("it is a process").command,
        ["./echo"]
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let echoed = runtime.block_on(async {
        let registry = dagstack_runtime::Registry::builder()
            .discover(folder.path())
            .build();
        let registry = registry.expect("it is found");
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
        let echo = registry.plugin("tool", "echo").expect("it is ready");
        let ctx = dagstack_runtime::HookContext::default();
        echo.call("echo", &ctx, json!({ "text": "hi" })).await
    });
    assert_eq!(echoed, Ok(json!("hi")));
    let Some(python) = peer(PYTHON, "published dagstack core") else {
        return;
    };
    let seen = json_of(
        Command::new(python)
            .arg(script("dagstack_discover.py"))
            .arg(folder.path())
            .arg("null"),
    );
    assert_eq!(seen["manifests"][0]["command"], json!(["./echo"]));
}

/// The published Python core's own adapter runs our executable.
#[test]
fn published_core_calls_our_executables() {
    let Some(python) = peer(PYTHON, "published dagstack core") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(built("echo"))
        .arg("manifest")
        .output()
        .expect("it starts");
    std::fs::write(folder.path().join("dagstack.toml"), output.stdout).expect("a file");
    let seen = json_of(
        Command::new(python)
            .arg(script("dagstack_discover.py"))
            .arg(folder.path())
            .arg(r#"{"text": "hällo"}"#),
    );
    assert_eq!(seen["schema"][0]["name"], "echo");
    assert_eq!(seen["result"], json!({ "result": "hällo" }));
}
