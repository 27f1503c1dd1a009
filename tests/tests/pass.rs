//! Plugins that compile: one case per file under `ui/*/pass`. Those whose behaviour is of interest
//! are called here.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used)]
#![forbid(unsafe_code)]

// For `crate = ::renamed`.
extern crate dagstack_plugin as renamed;

#[path = "../ui/types/pass/aliases.rs"]
mod aliases;
#[path = "../ui/cfg/pass/cfg_attr_with_harmless_attributes.rs"]
mod cfg_attr_with_harmless_attributes;
#[path = "../ui/cfg/pass/cfg_on_hooks.rs"]
mod cfg_on_hooks;
#[path = "../ui/registration/pass/clippy_pedantic.rs"]
mod clippy_pedantic;
#[path = "../ui/args/pass/crate_under_another_name.rs"]
mod crate_under_another_name;
#[path = "../ui/types/pass/data_of_odd_forms.rs"]
mod data_of_odd_forms;
#[path = "../ui/signature/pass/docs_of_every_form.rs"]
mod docs_of_every_form;
#[path = "../ui/args/pass/every_argument.rs"]
mod every_argument;
#[path = "../ui/signature/pass/every_shape.rs"]
mod every_shape;
#[path = "../ui/registration/pass/fragments.rs"]
mod fragments;
#[path = "../ui/registration/pass/from_a_macro.rs"]
mod from_a_macro;
#[path = "../ui/registration/pass/inside_a_function.rs"]
mod inside_a_function;
#[path = "../ui/signature/pass/lints_allowed.rs"]
mod lints_allowed;
#[path = "../ui/registration/pass/lints_denied.rs"]
mod lints_denied;
#[path = "../ui/registration/pass/lints_forbidden.rs"]
mod lints_forbidden;
#[path = "../ui/registration/pass/marks_by_path.rs"]
mod marks_by_path;
#[path = "../ui/types/pass/neighbours_of_mistakes.rs"]
mod neighbours_of_mistakes;
#[path = "../ui/registration/pass/no_prelude_and_decoys.rs"]
mod no_prelude_and_decoys;
#[path = "../ui/registration/pass/no_prelude_data.rs"]
mod no_prelude_data;
#[path = "../ui/resource/pass/no_prelude_and_decoys.rs"]
mod no_prelude_resource;
#[path = "../ui/signature/pass/read_by_a_function.rs"]
mod read_by_a_function;
#[path = "../ui/resource/pass/every_form.rs"]
mod resource_of_every_form;
#[path = "../ui/types/pass/self_in_attributes.rs"]
mod self_in_attributes;
#[path = "../ui/signature/pass/self_of_generic_type.rs"]
mod self_of_generic_type;
#[path = "../ui/types/pass/serde_on_parameters.rs"]
mod serde_on_parameters;
#[path = "../ui/signature/pass/setup_forms.rs"]
mod setup_forms;

use dagstack_plugin::call::call;
use dagstack_plugin::{Args, HookContext, HookError, PluginError, SetupContext, registered};
use serde_json::{Value, json};

/// Sets up the plugin `name` with an empty config and calls it.
async fn run(name: &str, hook: &str, mut args: Value) -> Result<Value, HookError> {
    let registration = registered()
        .into_iter()
        .find(|plugin| plugin.declaration().name == name)
        .unwrap();
    let plugin = registration
        .setup(SetupContext::new(Value::Null))
        .await
        .unwrap();
    let ctx = HookContext::default();
    let text = args.to_string();
    let value = call(&*plugin, hook, &ctx, Args::Value(&mut args)).await?;
    // Text and value are two ways to the same result.
    let text = call(&*plugin, hook, &ctx, Args::Json(&text)).await?;
    let value = value.into_value()?;
    assert_eq!(text.into_value()?, value);
    Ok(value)
}

async fn setup_of(name: &str) -> Result<(), PluginError> {
    registered()
        .into_iter()
        .find(|plugin| plugin.declaration().name == name)
        .unwrap()
        .setup(SetupContext::new(Value::Null))
        .await
        .map(drop)
}

#[tokio::test]
async fn context_may_stand_anywhere() {
    let args = json!({ "text": "" });
    assert_eq!(run("shapes", "context_first", args).await, Ok(json!(true)));
    let args = json!({ "text": "a" });
    assert_eq!(run("shapes", "context_last", args).await, Ok(json!("a")));
    let args = json!({ "a": 1, "b": 2 });
    assert_eq!(run("shapes", "context_between", args).await, Ok(json!(4)));
}

#[tokio::test]
async fn raw_names_lose_their_mark() {
    let args = json!({ "type": "ab", "count": 1 });
    assert_eq!(run("shapes", "match", args).await, Ok(json!("abab")));
    assert_eq!(
        run("shapes", "borrowed", json!({})).await,
        Ok(json!("borrowed"))
    );
}

#[tokio::test]
async fn aliases_of_result_are_results() {
    assert_eq!(
        run("aliases", "number", json!({ "maybe": 3 })).await,
        Ok(json!(3))
    );
    let error = run("aliases", "number", json!({})).await.unwrap_err();
    assert_eq!(error.code(), "nothing");
    let error = run("aliases", "text", json!({ "text": "x" }))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "hook_failed");
    let json = json!({ "json": { "value": 1 } });
    assert_eq!(
        run("aliases", "json", json).await,
        Ok(json!({ "value": 1 }))
    );
}

#[tokio::test]
async fn data_keeps_what_other_attributes_say() {
    let args = json!({ "levels": ["Low", "High"], "shapes": ["Point", { "Circle": 2 }] });
    let same = json!([args["levels"], args["shapes"]]);
    assert_eq!(run("odd-forms", "levels", args).await, Ok(same));
    let args = json!({ "packed": { "one": 1, "two": 2 } });
    let sum = json!({ "one": 1, "two": 3 });
    assert_eq!(run("odd-forms", "packed", args).await, Ok(sum));
    let args = json!({ "camel": { "maxSize": 1 }, "sparse": {} });
    let same = json!([{ "maxSize": 1 }, { "five": 5 }]);
    assert_eq!(run("odd-forms", "structs", args).await, Ok(same));
    let args = json!({ "renamed": { "type": "Renamed", "count": 1 } });
    let written = json!({ "type": "Written", "count": 1 });
    assert_eq!(run("odd-forms", "renamed", args).await, Ok(written));
}

#[tokio::test]
async fn marks_are_known_by_every_path() {
    for (hook, said) in [("one", "a"), ("two", "aa"), ("three", "aaa")] {
        let args = json!({ "text": "a" });
        assert_eq!(run("by-path", hook, args).await, Ok(json!(said)));
    }
}

#[tokio::test]
async fn a_function_reads_what_serde_cannot() {
    let args = json!({ "key": "f0", "other": "1234" });
    let read = json!([15, "1234"]);
    assert_eq!(run("reader", "both", args).await, Ok(read));
}

#[tokio::test]
async fn attributes_of_parameters_work_as_on_fields() {
    let args = json!({ "q": "a", "offset": 1, "opaque": 7 });
    assert_eq!(
        run("attributes", "search", args).await,
        Ok(json!("a Page { offset: 1, limit: 10 } false 3 10 7"))
    );
    let error = run(
        "attributes",
        "search",
        json!({ "q": "a", "offset": 1, "opaque": 7, "more": 1 }),
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), "invalid_arguments");
    let declared = <serde_on_parameters::Attributes as dagstack_plugin::Plugin>::declaration();
    let schema = &declared.hooks[0].schemas().input;
    assert_eq!(schema["properties"]["depth"]["maximum"], 20);
    assert_eq!(schema["properties"]["limit"]["default"], 10);
    assert_eq!(schema["properties"]["three"]["default"], 3);
    assert_eq!(schema["required"], json!(["q", "offset", "opaque"]));
}

#[tokio::test]
async fn self_in_attributes_is_the_authors_type() {
    let sum = run("self-in-attributes", "numbers", json!({ "a": 3 })).await;
    assert_eq!(sum, Ok(json!(7)));
    let sum = run(
        "self-in-attributes",
        "opaques",
        json!({ "a": 3, "Self": 2 }),
    )
    .await;
    assert_eq!(sum, Ok(json!(5)));
    let value = json!({ "value": { "d": 1, "opaque": 2, "more": {} } });
    let same = run("self-in-attributes", "data", value).await;
    let more = json!({ "k": 6, "others": [] });
    let whole = json!({ "d": 1, "opaque": 2, "n": 4, "m": 4, "more": more });
    assert_eq!(same, Ok(whole));

    let declared = <self_in_attributes::Own as dagstack_plugin::Plugin>::declaration();
    let schema = &declared.hooks[0].schemas().input;
    assert_eq!(schema["properties"]["a"]["maximum"], 9);
    assert_eq!(schema["properties"]["a"]["title"], "Self::a");
    assert_eq!(schema["properties"]["b"]["default"], 4);
}

#[tokio::test]
async fn neighbours_of_mistakes_work() {
    let args = json!({
        "flat": { "a": 1 },
        "own": { "len": 1, "number": 7, "held": { "inner": { "x": 2 } } },
        "repeated": { "N": 1, "text": "a", "shown": "b" },
    });
    let mut same = json!([args["flat"], args["own"], args["repeated"]]);
    same[2] = json!({ "number": 1, "text": "a", "shown": "b" });
    assert_eq!(run("neighbours", "data", args).await, Ok(same));
    let args = json!({ "tag": "ab", "context": { "name": "c" }, "n": 1 });
    let answer = json!(["tag2", "c", 1, { "name": "kg" }]);
    assert_eq!(run("neighbours", "others", args).await, Ok(answer));
    let milk = json!({ "cow": { "milk": 1 }, "other": { "milk": 2 } });
    let milk = run("farm-neighbours", "milk", milk).await;
    assert_eq!(milk, Ok(json!({ "milk": 3 })));
    let bits = json!({ "bytes": [1, 2, 3], "more": { "bytes": [1, 1, 1] } });
    let bits = run("bits-neighbours", "turn", bits).await;
    assert_eq!(bits, Ok(json!([4, 2, 1])));
    let three = run("neighbours", "conditional", json!({})).await;
    assert_eq!(three, Ok(json!(3)));
}

#[tokio::test]
async fn hooks_left_out_leave_no_trace() {
    use dagstack_plugin::manifest::ExecutionModel;

    let declared = <cfg_on_hooks::Conditional as dagstack_plugin::Plugin>::declaration();
    let names: Vec<&str> = declared.hooks.iter().map(|hook| hook.name).collect();
    assert_eq!(names, ["always", "either", "last"]);
    assert_eq!(declared.execution_model, ExecutionModel::Sync);
    assert_eq!(run("conditional", "either", json!({})).await, Ok(json!(2)));
    assert_eq!(run("conditional", "last", json!({})).await, Ok(json!(3)));
}

#[tokio::test]
async fn setup_has_many_forms() {
    for name in ["setup-a", "setup-b", "setup-c", "setup-f"] {
        setup_of(name).await.unwrap();
    }
    assert_eq!(setup_of("setup-d").await.unwrap_err().to_string(), "broken");
    assert_eq!(setup_of("setup-e").await.unwrap_err().to_string(), "no");
}

#[tokio::test]
async fn decoys_are_ignored() {
    let args = json!({ "shape": { "Circle": { "radius": 2 } } });
    assert_eq!(run("bare", "area", args).await, Ok(json!(6)));
    assert_eq!(run("bare", "size", json!({})).await, Ok(json!(0)));
    assert_eq!(run("renamed", "double", json!({})).await, Ok(json!(0)));
    assert_eq!(
        run("from-a-macro", "item", json!({ "item": { "number": 4 } })).await,
        Ok(json!(4))
    );
}

#[tokio::test]
async fn b24_cfg_attr_may_add_harmless_attributes() {
    let args = json!({ "text": "", "number": 4 });
    assert_eq!(run("cfg-attr", "echo", args).await, Ok(json!(4)));
    let plugin = registered()
        .into_iter()
        .find(|plugin| plugin.declaration().name == "cfg-attr")
        .unwrap();
    assert_eq!(
        plugin.declaration().description,
        Some("Described under a condition.")
    );
}

#[tokio::test]
async fn fragments_of_macros_are_read() {
    let args = json!({ "text": "ab", "times": 2 });
    assert_eq!(run("fragments", "go", args).await, Ok(json!("abab")));
    assert_eq!(
        run("fragments", "nothing", json!({})).await,
        Ok(json!(null))
    );
    let args = json!({ "text": "ab", "times": 2 });
    assert_eq!(
        run("fragments-of-kind", "go", args).await,
        Ok(json!("abab"))
    );
    let go = &<fragments::Fragments as dagstack_plugin::Plugin>::declaration().hooks[0];
    assert_eq!(go.description, Some("Repeats it."));
    let text = &go.schemas().input["properties"]["text"];
    assert_eq!(text["description"], "What to repeat.");
    assert!(
        fragments::page_schema()["properties"]
            .get("offSet")
            .is_some()
    );
}

#[tokio::test]
async fn self_is_the_whole_type() {
    let args = json!({ "x": [1, 2] });
    assert_eq!(
        run("self-of-generic", "array", args).await,
        Ok(json!([1, 2]))
    );
    let args = json!({ "x": [null] });
    assert_eq!(run("self-of-generic", "nested", args).await, Ok(json!([2])));
}

#[tokio::test]
async fn unusual_spellings_are_what_they_are() {
    let args = json!({ "text": "a", "n": 1, "_unused": 1 });
    assert_eq!(run("allowing", "unused", args).await, Ok(json!(1)));
    let args = json!({ "_x": 1 });
    assert_eq!(run("allowing", "context_first", args).await, Ok(json!(1)));
    let args = json!({ "text": "a", "all": [1] });
    assert_eq!(run("allowing", "parentheses", args).await, Ok(json!("a")));
    let args = json!({ "x": [1, 2, 3] });
    assert_eq!(run("allowing", "braces", args).await, Ok(json!([1, 2, 3])));
    assert_eq!(run("allowing", "nothing", json!({})).await, Ok(json!(null)));
    let args = json!({ "camelCase": 1 });
    assert_eq!(run("allowing", "camel", args).await, Ok(json!(1)));
}
