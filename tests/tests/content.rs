//! Results for a model or a person, and what hooks tell clients of themselves: the same value linked
//! and elsewhere, and MCP's blocks for everybody else.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use dagstack_plugin::content::Block;
use dagstack_plugin::{Content, Plugin, testing};
use dagstack_runtime::{HookContext, Registry, StdioCommand};
use dagstack_tests::gallery::{Gallery, Hall, Titled, every, image};
use dagstack_tests::interop::answer;
use serde_json::{Value, json};

fn executable() -> PathBuf {
    env!("CARGO_BIN_EXE_gallery").into()
}

/// Hosts of the linked plugin and of the executable.
async fn both() -> [Registry; 2] {
    let command = StdioCommand::new([executable()]);
    let builders = [
        Registry::builder().plugin::<Hall>(),
        Registry::builder().executable("gallery", "hall", command),
    ];
    let registries = builders.map(|builder| builder.build().expect("it is one plugin"));
    for registry in &registries {
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
    }
    registries
}

/// Large ones are written in pieces.
const SIZES: [usize; 4] = [0, 1, 50_000, 3_000_001];

#[tokio::test]
async fn typed_the_value_is_the_same_in_every_runtime() {
    let ctx = HookContext::default();
    for registry in both().await {
        let hall: Arc<dyn Gallery> = registry.get::<dyn Gallery>("hall").expect("it is ready");
        assert_eq!(hall.every(&ctx).await, Ok(every()));
        assert_eq!(hall.nothing(&ctx).await, Ok(Content::default()));
        for bytes in SIZES {
            assert_eq!(hall.image(&ctx, bytes).await, Ok(image(bytes)), "{bytes}");
        }
        let titled = Titled {
            title: "a".to_owned(),
            content: Content::text("a"),
        };
        assert_eq!(hall.titled(&ctx, "a".to_owned()).await, Ok(titled));
        assert_eq!(hall.optional(&ctx, true).await, Ok(Some(every())));
        assert_eq!(hall.optional(&ctx, false).await, Ok(None));
        assert_eq!(hall.back(&ctx, every()).await, Ok(every()));
        drop(hall);
        registry.teardown_all().await.expect("nothing holds it");
    }
}

#[tokio::test]
async fn by_json_it_is_the_array_of_its_blocks_in_every_runtime() {
    let blocks = serde_json::to_value(every()).expect("JSON");
    let ctx = HookContext::default();
    for registry in both().await {
        let hall = registry.plugin("gallery", "hall").expect("it is ready");
        let called = hall.call("every", &ctx, json!({})).await;
        assert_eq!(called, Ok(blocks.clone()));
        assert_eq!(hall.call("nothing", &ctx, json!({})).await, Ok(json!([])));
        let optional = hall
            .call("optional", &ctx, json!({ "is_there": true }))
            .await;
        assert_eq!(optional, Ok(blocks.clone()));
        let back = hall.call("back", &ctx, json!({ "content": blocks })).await;
        assert_eq!(back, Ok(blocks.clone()));
        let unfit =
            json!({ "content": [{ "type": "image", "data": "?", "mimeType": "image/png" }] });
        let error = hall.call("back", &ctx, unfit).await.expect_err("no base64");
        assert!(error.message().contains("content[0]"), "{error}");
        registry.teardown_all().await.expect("nothing holds it");
    }
    for plugin in [
        testing::in_process::<Hall>(),
        testing::executable(executable()),
    ] {
        assert_eq!(plugin.call("every", json!({})), Ok(blocks.clone()));
        assert_eq!(plugin.call("nothing", json!({})), Ok(json!([])));
    }
}

/// What an MCP client that knows nothing of us is answered to a call.
fn called(tool: &str, arguments: Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    let answer: Value =
        serde_json::from_str(&answer("gallery", "tools/call", params)).expect("JSON");
    answer["result"].clone()
}

#[test]
fn to_clients_the_blocks_are_the_content() {
    for (tool, content) in [("every", every()), ("nothing", Content::default())] {
        let expected = json!({ "content": content, "isError": false });
        assert_eq!(called(tool, json!({})), expected);
    }
    for bytes in SIZES {
        let expected = json!({ "content": image(bytes), "isError": false });
        assert!(
            called("image", json!({ "bytes": bytes })) == expected,
            "{bytes}"
        );
    }
    // As a part of other data, and where there may be none, it is data.
    let titled = called("titled", json!({ "title": "a" }));
    assert_eq!(
        titled["structuredContent"]["content"],
        json!([{ "type": "text", "text": "a" }])
    );
    let optional = called("optional", json!({ "is_there": false }));
    assert_eq!(optional["structuredContent"], json!({ "result": null }));
}

#[test]
fn hooks_are_listed_with_their_annotations_and_without_a_schema_of_content() {
    let answer: Value =
        serde_json::from_str(&answer("gallery", "tools/list", json!({}))).expect("JSON");
    let tools = answer["result"]["tools"].as_array().expect("a list");
    let tool = |name: &str| {
        let mut tools = tools.iter();
        tools
            .find(|tool| tool["name"] == name)
            .expect("it is listed")
    };
    for name in ["every", "nothing", "image", "back"] {
        assert_eq!(tool(name).get("outputSchema"), None, "{name}");
    }
    assert_eq!(tool("titled")["outputSchema"]["type"], "object");
    assert_eq!(
        tool("optional")["outputSchema"]["x-dagstack-wrap-result"],
        true
    );

    // The kind's, with what the plugin adds.
    let expected = json!({ "title": "Everything", "readOnlyHint": true, "openWorldHint": false });
    assert_eq!(tool("every")["annotations"], expected);
    assert_eq!(tool("every")["title"], "Everything");
    // A plugin may promise more than its kind.
    let expected = json!({
        "title": "Nothing", "destructiveHint": false, "idempotentHint": true, "openWorldHint": true,
    });
    assert_eq!(tool("nothing")["annotations"], expected);
    // What changes nothing takes no word about changes from its kind.
    let expected = json!({ "title": "An image", "readOnlyHint": true });
    assert_eq!(tool("image")["annotations"], expected);
    assert_eq!(
        (
            tool("titled").get("title"),
            tool("titled").get("annotations")
        ),
        (None, None)
    );

    let (_, hook) = Hall::declaration().hook("every").expect("it is declared");
    let declared = Hall::declaration().annotations(hook);
    assert_eq!(
        (declared.title, declared.open_world),
        (Some("Everything"), Some(false))
    );
}

#[test]
fn the_command_line_prints_the_blocks_as_json() {
    let output = Command::new(executable())
        .args(["call", "every", "{}"])
        .output()
        .expect("it starts");
    assert!(output.status.success());
    let printed: Content = serde_json::from_slice(&output.stdout).expect("content");
    assert_eq!(printed, every());
    assert!(matches!(printed.blocks(), [Block::Text { .. }, ..]));
}
