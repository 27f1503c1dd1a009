//! The kinds `tool` and `orchestrator`: what their hookspecs say, and that a tool keeps to its own,
//! linked and as an executable.

use std::sync::Arc;

use dagstack_plugin::kind::{Dispatch, ErrorPolicy, KindHook, KindSpec, TOOL_NAME_TEMPLATE};
use dagstack_plugin::kinds::orchestrator::UnitState;
use dagstack_plugin::kinds::tool::{Executed, Function};
use dagstack_plugin::kinds::{Orchestrator, Tool};
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::{self, Map, Value, json};
use dagstack_plugin::{Kind, Plugin, code};
use dagstack_runtime::{Registry, StdioCommand};
use dagstack_tests::built;

/// What a hook takes and returns, as plugin specification §2 puts it: names, `?` for optional.
fn shape(hook: &KindHook) -> (String, String) {
    let words = |schema: Map<String, Value>| {
        let required = schema.get("required").cloned().unwrap_or_default();
        let required: Vec<Value> = serde_json::from_value(required).unwrap_or_default();
        let mut words: Vec<String> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| {
                let optional = if required.contains(&json!(name)) {
                    ""
                } else {
                    "?"
                };
                format!("{name}{optional}")
            })
            .collect();
        words.sort();
        words.join(", ")
    };
    let input = (hook.input_schema)().unwrap();
    let mut output = (hook.output_schema)().unwrap();
    if output["type"] == "array" {
        let reference = output["items"]["$ref"].as_str().unwrap();
        let name = reference.strip_prefix("#/$defs/").unwrap();
        output = output["$defs"][name].as_object().unwrap().clone();
    }
    (words(input), words(output))
}

fn check(spec: &KindSpec, hooks: &[(&str, Dispatch, bool, &str, &str, &str)]) {
    assert_eq!(spec.version, "1.0.0");
    assert_eq!(spec.hooks.len(), hooks.len());
    for (hook, (name, dispatch, exposed, template, input, output)) in spec.hooks.iter().zip(hooks) {
        assert_eq!(hook.name, *name);
        assert_eq!(hook.dispatch, *dispatch, "{name}");
        assert_eq!(hook.error_policy, ErrorPolicy::FailFast, "{name}");
        assert_eq!(hook.mcp_exposed, *exposed, "{name}");
        assert_eq!(hook.mcp_tool_name_template, *template, "{name}");
        assert_eq!(shape(hook), ((*input).to_owned(), (*output).to_owned()));
    }
}

#[test]
fn the_hookspec_of_tool_is_that_of_the_specification() {
    let spec = <dyn Tool as Kind>::SPEC;
    assert!(spec.constraints.is_empty());
    check(
        spec,
        &[
            (
                "get_schema",
                Dispatch::BroadcastCollect,
                false,
                TOOL_NAME_TEMPLATE,
                "",
                "description, name, parameters",
            ),
            (
                "execute",
                Dispatch::Singleton,
                true,
                "{kind}.{plugin}.{hook}.{function}",
                "args, function",
                "error_message?, is_error?, result",
            ),
        ],
    );
    let functions = (spec.hooks[0].output_schema)().unwrap();
    let name = &functions["$defs"]["Function"]["properties"]["name"];
    assert_eq!(name["pattern"], "^[a-z][a-z0-9_]*$");
    let executed = (spec.hooks[1].output_schema)().unwrap();
    assert_eq!(executed["properties"]["is_error"]["default"], false);
}

#[test]
fn the_hookspec_of_orchestrator_is_that_of_the_specification() {
    let spec = <dyn Orchestrator as Kind>::SPEC;
    assert_eq!(spec.constraints, ["in_process_only", "one_per_runtime"]);
    let hook = |name, input, output| {
        let dispatch = Dispatch::Singleton;
        (name, dispatch, false, TOOL_NAME_TEMPLATE, input, output)
    };
    check(
        spec,
        &[
            hook(
                "enqueue",
                "args, idempotency_key?, partition_key?, plugin_name",
                "deduplicated, unit_id",
            ),
            hook(
                "status",
                "unit_id",
                "error?, finished_at?, progress?, started_at?, state, unit_id",
            ),
            hook(
                "backfill",
                "partition_key?, plugin_name?, since?, states?, until?",
                "enqueued_count, skipped_count",
            ),
        ],
    );
    let states = [
        "queued",
        "running",
        "succeeded",
        "failed",
        "cancelled",
        "expired",
    ];
    for state in states {
        let read: UnitState = serde_json::from_value(json!(state)).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), state);
    }
}

/// The tool `text-stats`, linked and as an executable, each by the kind's trait.
async fn both() -> [(Registry, Arc<dyn Tool>); 2] {
    let command = built("text-stats").to_str().unwrap().to_owned();
    let linked = Registry::builder().plugin::<text_stats::TextStats>();
    let executable =
        Registry::builder().executable("tool", "text-stats", StdioCommand::new([command]));
    let mut tools = Vec::new();
    for builder in [linked, executable] {
        let registry = builder.build().unwrap();
        let _ = registry.setup_all().await;
        let tool = registry.get::<dyn Tool>("text-stats").unwrap();
        tools.push((registry, tool));
    }
    tools.try_into().unwrap_or_else(|_| unreachable!())
}

fn args(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_answers_its_kind_wherever_it_runs() {
    let [(linked, here), (remote, there)] = both().await;
    let ctx = HookContext::default();

    let functions: Vec<Function> = here.get_schema(&ctx).await.unwrap();
    assert_eq!(functions, there.get_schema(&ctx).await.unwrap());
    let names: Vec<&str> = functions.iter().map(|made| made.name.as_str()).collect();
    assert!(
        names.starts_with(&["count", "mean_word_length"]),
        "{names:?}"
    );
    assert_eq!(functions[0].parameters["required"], json!(["text"]));

    for (function, given, expected) in [
        (
            "count",
            json!({ "text": "a b" }),
            Executed {
                result: json!({ "bytes": 3, "characters": 3, "words": 2, "lines": 1 }),
                ..Executed::default()
            },
        ),
        ("longest_word", json!({ "text": "" }), Executed::default()),
        (
            "mean_word_length",
            json!({ "text": "" }),
            Executed {
                is_error: true,
                error_message: Some("the text has no words".to_owned()),
                ..Executed::default()
            },
        ),
    ] {
        for tool in [&here, &there] {
            let executed = tool.execute(&ctx, function.to_owned(), args(given.clone()));
            assert_eq!(executed.await.unwrap(), expected, "{function}");
        }
    }

    // What does not fit a function's schema is refused before the function sees it.
    let mut errors = Vec::new();
    for tool in [&here, &there] {
        let given = args(json!({ "text": "a", "top": 0 }));
        let error = tool.execute(&ctx, "ranking".to_owned(), given).await;
        errors.push(error.unwrap_err());
    }
    assert_eq!(errors[0].code(), code::INVALID_ARGUMENTS);
    assert_eq!(errors[1].code(), code::INVALID_ARGUMENTS);
    assert_eq!(errors[0].message(), errors[1].message());

    for registry in [linked, remote] {
        registry.teardown_all().await.unwrap();
    }
}

#[test]
fn a_tool_of_a_string_has_the_hookspec() {
    let spec = text_stats::TextStats::declaration().kind_spec.unwrap();
    assert!(std::ptr::eq(spec, <dyn Tool as Kind>::SPEC));
}
