//! What a plugin written with the macros does when it is called.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use dagstack_plugin::call::{call, call_at};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::prelude::*;
use dagstack_plugin::{Args, ErasedPlugin, Plugin, SetupContext, code, registered};
use serde_json::{Value, json};

/// How to count.
#[data]
struct Config {
    /// Where to start.
    #[serde(default = "one")]
    start: i64,
    #[serde(default)]
    sick: bool,
}

fn one() -> i64 {
    1
}

struct Calculator {
    start: i64,
    sick: bool,
}

/// A point.
#[data]
#[derive(Debug, PartialEq)]
struct Point {
    x: i64,
    y: i64,
}

#[derive(Debug)]
struct TooBig(i64);

impl std::fmt::Display for TooBig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is too big", self.0)
    }
}

impl std::error::Error for TooBig {}

/// Calculates.
#[plugin(kind = "tool", name = "calculator", capabilities = ["math"])]
impl Calculator {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        tokio::task::yield_now().await;
        if ctx.config().start < 0 {
            return Err(PluginError::new(format!(
                "{} starts below zero",
                ctx.name()
            )));
        }
        Ok(Self {
            start: ctx.config().start,
            sick: ctx.config().sick,
        })
    }

    /// Adds `b` to `a`.
    #[hook]
    fn add(
        &self,
        /// The first number.
        a: i64,
        b: Option<i64>,
    ) -> i64 {
        self.start + a + b.unwrap_or(0)
    }

    #[hook]
    async fn halve(&self, number: i64) -> Result<i64, HookError> {
        tokio::task::yield_now().await;
        if number % 2 == 0 {
            Ok(number / 2)
        } else {
            Err(HookError::new("odd", format!("{number} is odd"))
                .details(json!({ "number": number })))
        }
    }

    #[hook]
    fn small(&self, number: i64) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        if number > 9 {
            return Err(TooBig(number).into());
        }
        Ok(number)
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn mirror(&self, point: Point, ctx: &HookContext) -> Point {
        let sign = if ctx.metadata().get("flip").is_some() {
            -1
        } else {
            1
        };
        Point {
            x: sign * point.y,
            y: sign * point.x,
        }
    }

    #[hook(mcp_exposed = false)]
    async fn wait(&self, ctx: &HookContext) {
        if ctx.deadline().is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[hook]
    fn panics(&self) -> u8 {
        panic!("a secret")
    }

    #[hook]
    fn no_json(&self) -> BTreeMap<(u8, u8), u8> {
        BTreeMap::from([((1, 2), 3)])
    }

    #[health]
    fn health(&self) -> Result<Health, String> {
        if self.sick {
            Err("sick".to_owned())
        } else {
            Ok(Health::degraded("tired"))
        }
    }

    #[teardown]
    async fn teardown(&self) -> Result<Released, TooBig> {
        if self.sick {
            Err(TooBig(self.start))
        } else {
            Ok(Released::RequiresRestart)
        }
    }
}

#[derive(Default)]
struct Plain;

#[plugin(kind = "text_filter", name = "plain")]
impl Plain {
    #[hook]
    async fn execute(&self, text: String) -> String {
        text
    }
}

async fn calculator(config: Value) -> Box<dyn ErasedPlugin> {
    Box::new(
        <Calculator as Plugin>::setup(SetupContext::new(config))
            .await
            .unwrap(),
    )
}

/// Calls with a value and with text; both must say the same.
async fn run_with(hook: &str, ctx: &HookContext, mut args: Value) -> Result<Value, HookError> {
    let plugin = calculator(Value::Null).await;
    let text = args.to_string();
    let by_value = call(&*plugin, hook, ctx, Args::Value(&mut args))
        .await
        .and_then(|output| output.into_value());
    let by_text = call(&*plugin, hook, ctx, Args::Json(&text))
        .await
        .and_then(|output| output.into_value());
    match (&by_value, &by_text) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => assert_eq!(one.code(), other.code()),
        _ => panic!("{by_value:?} by value, {by_text:?} by text"),
    }
    by_value
}

async fn run(hook: &str, args: Value) -> Result<Value, HookError> {
    run_with(hook, &HookContext::default(), args).await
}

#[tokio::test]
async fn hooks_answer() {
    assert_eq!(run("add", json!({ "a": 2, "b": 3 })).await, Ok(json!(6)));
    assert_eq!(run("add", json!({ "a": 2 })).await, Ok(json!(3)));
    assert_eq!(run("add", json!({ "a": 2, "b": null })).await, Ok(json!(3)));
    assert_eq!(run("halve", json!({ "number": 8 })).await, Ok(json!(4)));
    assert_eq!(run("small", json!({ "number": 8 })).await, Ok(json!(8)));
    let ctx = HookContext::default().with_timeout(Duration::from_secs(60));
    assert_eq!(run_with("wait", &ctx, json!({})).await, Ok(Value::Null));
}

#[tokio::test]
async fn the_context_reaches_the_hook() {
    let ctx =
        HookContext::default().with_metadata(dagstack_plugin::Metadata::new().with("flip", true));
    let args = json!({ "point": { "x": 1, "y": 2 } });
    assert_eq!(
        run_with("mirror", &ctx, args.clone()).await,
        Ok(json!({ "x": -2, "y": -1 }))
    );
    assert_eq!(run("mirror", args).await, Ok(json!({ "x": 2, "y": 1 })));
}

#[tokio::test]
async fn errors_keep_their_codes() {
    let error = run("halve", json!({ "number": 7 })).await.unwrap_err();
    assert_eq!(error.code(), "odd");
    assert_eq!(error.message(), "7 is odd");
    assert_eq!(error.get_details(), Some(&json!({ "number": 7 })));

    let error = run("small", json!({ "number": 10 })).await.unwrap_err();
    assert_eq!(error.code(), code::HOOK_FAILED);
    assert_eq!(error.message(), "10 is too big");

    let error = run("no_json", json!({})).await.unwrap_err();
    assert_eq!(error.code(), code::RESULT_NOT_SERIALISABLE);
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused() {
    for args in [
        json!({}),
        json!({ "a": "two" }),
        json!({ "a": 1, "c": 1 }),
        json!([1]),
    ] {
        let error = run("add", args.clone()).await.unwrap_err();
        assert_eq!(error.code(), code::INVALID_ARGUMENTS, "{args}");
    }
    let error = run("panics", json!({ "a": 1 })).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    let error = run("ad", json!({})).await.unwrap_err();
    assert_eq!(error.code(), code::UNKNOWN_HOOK);
}

#[tokio::test]
async fn a_panic_is_that_calls_error() {
    let error = run("panics", json!({})).await.unwrap_err();
    assert_eq!(error.code(), code::PANICKED);
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn a_number_without_a_hook_is_an_error() {
    let plugin = calculator(Value::Null).await;
    let ctx = HookContext::default();
    let called = call_at(&*plugin, 99, &ctx, Args::Json("{}"));
    assert_eq!(called.await.unwrap_err().code(), code::UNKNOWN_HOOK);
}

#[tokio::test]
async fn setup_gets_the_config() {
    let plugin = calculator(json!({ "start": 10 })).await;
    let mut args = json!({ "a": 1 });
    let output = call(
        &*plugin,
        "add",
        &HookContext::default(),
        Args::Value(&mut args),
    )
    .await
    .unwrap();
    assert_eq!(output.into_value().unwrap(), 11);

    let failed = |config| async move {
        match <Calculator as Plugin>::setup(SetupContext::new(config)).await {
            Ok(_) => panic!("set up"),
            Err(error) => error,
        }
    };
    let error = failed(json!({ "start": -1 })).await;
    assert_eq!(error.to_string(), "calculator starts below zero");
    let error = failed(json!({ "start": "now" })).await;
    assert_eq!(error.code(), "config_invalid");

    // A plugin without `#[setup]` has no config, so any key is a mistake.
    assert!(Plain::setup(SetupContext::new(json!({}))).await.is_ok());
    assert!(Plain::setup(SetupContext::new(Value::Null)).await.is_ok());
    let error = Plain::setup(SetupContext::new(json!({ "a": 1 }))).await;
    assert_eq!(error.err().unwrap().code(), "config_invalid");
}

#[tokio::test]
async fn health_and_teardown_answer() {
    let plugin = calculator(Value::Null).await;
    assert_eq!(plugin.erased_health().await, Health::degraded("tired"));
    assert_eq!(
        plugin.erased_teardown().await.unwrap(),
        Released::RequiresRestart
    );

    let plugin = calculator(json!({ "sick": true })).await;
    assert_eq!(plugin.erased_health().await, Health::unhealthy("sick"));
    let error = plugin.erased_teardown().await.unwrap_err();
    assert_eq!(error.to_string(), "1 is too big");

    let plain = Plain::setup(SetupContext::new(Value::Null)).await.unwrap();
    assert_eq!(plain.erased_health().await, Health::Healthy);
    assert_eq!(plain.erased_teardown().await.unwrap(), Released::All);
}

#[tokio::test]
async fn a_tool_lists_and_runs_its_functions() {
    let functions = run("get_schema", json!({})).await.unwrap();
    let add = &functions[0];
    assert_eq!(add["name"], "add");
    assert_eq!(add["description"], "Adds `b` to `a`.");
    assert_eq!(
        add["parameters"]["properties"]["a"],
        json!({
            "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX,
            "description": "The first number.",
        })
    );
    assert_eq!(add["parameters"]["required"], json!(["a"]));
    assert_eq!(add["parameters"]["additionalProperties"], json!(false));

    let args = json!({ "function": "add", "args": { "a": 4 } });
    assert_eq!(
        run("execute", args).await,
        Ok(json!({ "result": 5, "is_error": false }))
    );
    let args = json!({ "function": "halve", "args": { "number": 1 } });
    assert_eq!(
        run("execute", args).await,
        Ok(json!({ "result": null, "is_error": true, "error_message": "1 is odd" }))
    );
}

#[test]
fn the_declaration_says_what_the_source_says() {
    let declared = Calculator::declaration();
    assert_eq!(declared.type_path, "macros::Calculator");
    assert_eq!(declared.description, Some("Calculates."));
    assert_eq!(declared.version, Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(declared.license, Some("Apache-2.0"));
    assert_eq!(declared.homepage, None);
    assert_eq!(declared.maintainer, None);
    assert!(declared.authors.is_empty());
    assert_eq!(declared.capabilities, ["math"]);
    assert_eq!(declared.execution_model, ExecutionModel::ThreadCpuBound);
    assert_eq!(Plain::declaration().execution_model, ExecutionModel::Async);
    let models: Vec<ExecutionModel> = declared
        .hooks
        .iter()
        .map(|hook| hook.execution_model)
        .collect();
    assert_eq!(
        models[..4],
        [
            ExecutionModel::Sync,
            ExecutionModel::Async,
            ExecutionModel::Sync,
            ExecutionModel::ThreadCpuBound
        ]
    );
    let (index, wait) = declared.hook("wait").unwrap();
    assert_eq!(index, 4);
    assert!(!wait.mcp_exposed);
    let config = (declared.config_schema)();
    assert_eq!(
        config["properties"]["start"]["description"],
        "Where to start."
    );
    assert_eq!(config["properties"]["start"]["default"], 1);
    let mirror = declared.hook("mirror").unwrap().1.schemas();
    assert!(!mirror.wraps_result);
    assert_eq!(mirror.output["properties"]["x"]["type"], "integer");
}

#[tokio::test]
async fn plugins_are_listed_in_order() {
    let own: Vec<_> = registered()
        .into_iter()
        .filter(|plugin| plugin.declaration().type_path.starts_with("macros::"))
        .collect();
    let names: Vec<&str> = own.iter().map(|plugin| plugin.declaration().name).collect();
    assert_eq!(names, ["plain", "calculator"]);
    assert!(own[0].setup(SetupContext::new(Value::Null)).await.is_ok());
}
