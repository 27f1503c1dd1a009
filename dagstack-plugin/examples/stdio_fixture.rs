//! The plugin executable that `tests/stdio*.rs` talk to, written without the macros.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unreachable)]

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use dagstack_plugin::declaration::{Declaration, Hook};
use dagstack_plugin::manifest::ExecutionModel::{Async, Sync, ThreadCpuBound};
use dagstack_plugin::schema::{input, output};
use dagstack_plugin::{
    Args, BoxFuture, ErasedPlugin, Health, HookContext, HookError, Output, Plugin, PluginError,
    Released, SetupContext, args, call,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Goes before every echo.
    prefix: String,
    /// Fails the setup.
    fail: bool,
    /// Panics in the setup.
    panic: bool,
    /// Milliseconds the setup awaits.
    setup_ms: u64,
    /// Milliseconds the teardown blocks.
    teardown_ms: u64,
    /// Never shown.
    api_key: Option<String>,
}

struct Fixture(Config);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Text {
    /// The text.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Millis {
    /// How long.
    ms: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bytes {
    /// How many.
    bytes: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Info {
    metadata: serde_json::Value,
    has_deadline: bool,
    prefix: String,
}

const fn hook(
    name: &'static str,
    execution_model: dagstack_plugin::manifest::ExecutionModel,
    input_schema: fn() -> dagstack_plugin::schema::Schema,
    output_schema: fn() -> dagstack_plugin::schema::Schema,
) -> Hook {
    Hook {
        name,
        description: Some("A hook of the fixture."),
        execution_model,
        mcp_exposed: true,
        input_schema,
        output_schema,
        schemas: OnceLock::new(),
    }
}

static HOOKS: [Hook; 12] = [
    hook("echo", Sync, input::<Text>, output::<String>),
    hook("sleep", Sync, input::<Millis>, output::<u64>),
    hook("sleep_async", Async, input::<Millis>, output::<u64>),
    hook("block_async", Async, input::<Millis>, output::<u64>),
    hook("panic", Sync, input::<Nothing>, output::<String>),
    hook("fail", Sync, input::<Text>, output::<String>),
    hook("nan", Sync, input::<Nothing>, output::<f64>),
    hook("print", ThreadCpuBound, input::<Bytes>, output::<usize>),
    hook("print_err", Sync, input::<Bytes>, output::<usize>),
    hook("until_cancelled", Async, input::<Nothing>, output::<String>),
    hook("info", Sync, input::<Nothing>, output::<Info>),
    hook("read_stdin", Sync, input::<Nothing>, output::<usize>),
];
static DECLARATION: Declaration = Declaration::new(
    "sample",
    "fixture",
    "stdio_fixture::Fixture",
    &HOOKS,
    input::<Config>,
);

impl Plugin for Fixture {
    fn declaration() -> &'static Declaration {
        &DECLARATION
    }

    fn setup(context: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async move {
            let context = context.decode::<Config>(&DECLARATION)?;
            let given = context.config();
            let config = Config {
                prefix: given.prefix.clone(),
                api_key: None,
                ..*given
            };
            if config.fail {
                return Err(PluginError::new("asked to fail"));
            }
            assert!(!config.panic, "asked to panic");
            if config.setup_ms > 0 {
                tokio::time::sleep(Duration::from_millis(config.setup_ms)).await;
            }
            Ok(Self(config))
        })
    }
}

impl Fixture {
    async fn run(
        &self,
        index: usize,
        ctx: &HookContext,
        given: Args<'_>,
    ) -> Result<Output, HookError> {
        let hook = &HOOKS[index];
        macro_rules! args {
            ($type:ty) => {
                args::decode::<$type>(&DECLARATION, hook, given)?
            };
        }
        macro_rules! answer {
            ($value:expr) => {
                call::encode(hook, given, &$value)
            };
        }
        match hook.name {
            "echo" => {
                let text = args!(Text).text;
                if self.0.prefix.is_empty() {
                    answer!(text)
                } else {
                    answer!(format!("{}{text}", self.0.prefix))
                }
            }
            "sleep" | "block_async" => {
                let ms = args!(Millis).ms;
                std::thread::sleep(Duration::from_millis(ms));
                answer!(ms)
            }
            "sleep_async" => {
                let ms = args!(Millis).ms;
                tokio::time::sleep(Duration::from_millis(ms)).await;
                answer!(ms)
            }
            "panic" => panic!("asked to panic"),
            "fail" => Err(HookError::new("asked_to_fail", args!(Text).text)
                .details(serde_json::json!({"limit": 5}))),
            "nan" => answer!(f64::NAN),
            "print" => {
                let bytes = args!(Bytes).bytes;
                let mut stdout = std::io::stdout().lock();
                for _ in 0..bytes / 64 {
                    writeln!(stdout, "{:x<63}", "printed by a hook").unwrap();
                }
                answer!(bytes)
            }
            "print_err" => {
                let bytes = args!(Bytes).bytes;
                for _ in 0..bytes / 64 {
                    eprintln!("{:x<63}", "printed by a hook");
                }
                answer!(bytes)
            }
            "until_cancelled" => {
                ctx.cancellation().cancelled().await;
                eprintln!("the hook was cancelled");
                answer!("cancelled")
            }
            "info" => answer!(Info {
                metadata: serde_json::Map::from(ctx.metadata()).into(),
                has_deadline: ctx.deadline().is_some(),
                prefix: self.0.prefix.clone(),
            }),
            "read_stdin" => {
                let mut text = String::new();
                std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).unwrap();
                answer!(text.len())
            }
            _ => unreachable!(),
        }
    }
}

impl ErasedPlugin for Fixture {
    fn erased_declaration(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn erased_call<'a>(
        &'a self,
        hook: usize,
        ctx: &'a HookContext,
        args: Args<'a>,
    ) -> BoxFuture<'a, Result<Output, HookError>> {
        Box::pin(self.run(hook, ctx, args))
    }

    fn erased_health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::degraded("it is a fixture") })
    }

    fn erased_teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async {
            eprintln!("teardown began");
            std::thread::sleep(Duration::from_millis(self.0.teardown_ms));
            eprintln!("teardown ended");
            Ok(Released::All)
        })
    }
}

dagstack_plugin::main!(Fixture);
