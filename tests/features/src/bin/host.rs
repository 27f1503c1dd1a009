//! Calls the plugin linked and as an executable, and compares.

use dagstack_plugin::canonical_json;
use dagstack_plugin::serde_json::{self, Value};
use dagstack_runtime::{HookContext, HookError, MemoryConfig, PluginHandle, Registry};

/// Hooks, arguments, and the results in canonical JSON.
const CASES: &[(&str, &str, &str)] = &[
    (
        "tagged",
        r#"{"value":{"type":"Circle","radius":1.50,"count":5}}"#,
        r#"{"count":5,"radius":1.5,"type":"Circle"}"#,
    ),
    (
        "tagged",
        r#"{"value":{"count":5.0,"radius":1e2,"type":"Circle"}}"#,
        r#"{"count":5,"radius":100,"type":"Circle"}"#,
    ),
    (
        "tagged",
        r#"{"value":{"type":"Table","a":1,"b":0.10,"c":-2.5E-3}}"#,
        r#"{"a":1,"b":0.1,"c":-0.0025,"type":"Table"}"#,
    ),
    ("either", r#"{"value":5}"#, "5"),
    ("either", r#"{"value":5.50}"#, "5.5"),
    ("either", r#"{"value":[1,2.50,"a",[1e3]]}"#, r#"[1,2.5,"a",[1000]]"#),
    (
        "flat",
        r#"{"value":{"id":1,"ratio":0.50,"big":18446744073709551615,"small":0.1,"x":1.0,"y":2e0}}"#,
        r#"{"big":18446744073709551615,"id":1,"ratio":0.5,"small":0.1,"x":1,"y":2}"#,
    ),
    (
        "flattened",
        r#"{"id":1.0,"ratio":1,"big":7.0,"small":2.50}"#,
        r#"[1,{"big":7,"ratio":1,"small":2.5}]"#,
    ),
    (
        "plain",
        r#"{"n":5.0,"big":7,"f":1.10,"list":[1,2.50]}"#,
        "[5,7,1.1,[1,2.5]]",
    ),
    ("any", r#"{"value":[1,{"b":1.5,"a":null}]}"#, r#"[1,{"a":null,"b":1.5}]"#),
    (
        "config",
        "{}",
        r#"{"big":3,"id":2,"more":0.25,"ratio":0.5,"small":1}"#,
    ),
];

/// Arguments that do not fit, and what the errors say.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "tagged",
        r#"{"value":{"type":"Circle","radius":"a","count":1.50}}"#,
        "found 1.5",
    ),
    ("plain", r#"{"n":70000,"big":7,"f":1,"list":[]}"#, "found 70000"),
    ("plain", r#"{"n":1,"big":7,"f":"1","list":[]}"#, r#"found the text "1""#),
    ("flattened", r#"{"id":1,"ratio":1,"big":7,"small":2.5,"extra":1.0}"#, "unknown key"),
    ("fail", r#"{"value":[1,2.5,{"a":1.0}]}"#, "no good"),
];

async fn ready(builder: dagstack_runtime::RegistryBuilder) -> (Registry, PluginHandle) {
    let section: Value = serde_json::from_str(
        r#"{"tool":{"precise":{"id":2.0,"ratio":0.50,"big":3,"small":1e0,"more":2.5e-1}}}"#,
    )
    .unwrap();
    let registry = builder.config(MemoryConfig::new(section)).build().unwrap();
    println!("{}", registry.setup_all().await);
    let handle = registry.plugin("tool", "precise").unwrap();
    (registry, handle)
}

fn text(outcome: &Result<Value, HookError>) -> String {
    match outcome {
        Ok(value) => canonical_json::to_string(value).unwrap(),
        Err(error) => canonical_json::to_string(&error.to_value()).unwrap(),
    }
}

#[tokio::main]
async fn main() {
    let plugin = std::env::current_exe().unwrap().with_file_name("plugin");
    let (_linked, linked) = ready(Registry::builder().plugin::<precise::Precise>()).await;
    let (_executable, executable) =
        ready(Registry::builder().executable("tool", "precise", plugin)).await;
    let ctx = HookContext::default();
    for (hook, args, expected) in CASES.iter().chain(MISTAKES) {
        let args: Value = serde_json::from_str(args).unwrap();
        let [linked, executable] = [
            linked.call(hook, &ctx, args.clone()).await,
            executable.call(hook, &ctx, args.clone()).await,
        ];
        assert_eq!(text(&linked), text(&executable), "{hook} {args}");
        match &linked {
            Ok(value) => assert_eq!(&canonical_json::to_string(value).unwrap(), expected, "{hook} {args}"),
            Err(error) => assert!(error.message().contains(expected), "{hook} {args}: {error}"),
        }
    }
    println!("all agree");
}
