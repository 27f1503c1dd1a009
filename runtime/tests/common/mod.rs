//! Plugins written by hand, as the macros would; what they do is in their config.

#![allow(dead_code)]

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::declaration::{DependsOn, Hook};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, ConfigInvalid, Declaration, Health, HookContext, HookError, Output, Plugin,
    PluginError, Released, SetupContext, code,
};
use dagstack_runtime::{MemoryConfig, Registry, RegistryBuilder};
use serde_json::{Value, json};

const fn hook(name: &'static str, execution_model: ExecutionModel) -> Hook {
    Hook {
        name,
        description: Some("A hook."),
        execution_model,
        mcp_exposed: true,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| Schema::new(),
        output_schema: Schema::new,
        schemas: OnceLock::new(),
    }
}

static HOOKS: [Hook; 6] = [
    hook("echo", ExecutionModel::Async),
    hook("fail", ExecutionModel::Async),
    hook("panic", ExecutionModel::Async),
    hook("wait", ExecutionModel::Async),
    hook("thread", ExecutionModel::ThreadCpuBound),
    hook("spin", ExecutionModel::ThreadCpuBound),
];

/// Any config will do.
fn anything() -> Schema {
    Schema::from_iter([("type".to_owned(), json!("object"))])
}

static HEAVY: [Hook; 1] = [hook("crunch", ExecutionModel::ProcessCpuBound)];

const fn named(name: &'static str, depends_on: &'static [DependsOn], priority: u32) -> Declaration {
    Declaration {
        depends_on,
        priority,
        startup_timeout_sec: Some(1),
        teardown_timeout_sec: Some(1),
        ..Declaration::new("fake", name, name, &HOOKS, anything)
    }
}

const fn on(name: &'static str) -> DependsOn {
    DependsOn { kind: None, name }
}

pub(crate) const ALPHA: usize = 0;
pub(crate) const BETA: usize = 1;
pub(crate) const NEEDS_ALPHA: usize = 2;
pub(crate) const NEEDS_NEEDS_ALPHA: usize = 3;
pub(crate) const NEEDS_NOBODY: usize = 4;
pub(crate) const FUTURE: usize = 5;
pub(crate) const RING_A: usize = 6;
pub(crate) const RING_B: usize = 7;
pub(crate) const SECOND_ALPHA: usize = 8;
pub(crate) const HEAVY_WORK: usize = 9;
pub(crate) const CALC: usize = 10;

static DECLARATIONS: [Declaration; 11] = [
    named("alpha", &[], 1),
    named("beta", &[], 9),
    named("needs-alpha", &[on("alpha")], 0),
    named("needs-needs-alpha", &[on("fake.needs-alpha")], 0),
    named("needs-nobody", &[on("alphq")], 0),
    Declaration {
        core_version: ">=9",
        ..named("future", &[], 0)
    },
    named("ring-a", &[on("ring-b")], 0),
    named("ring-b", &[on("ring-a")], 0),
    Declaration {
        type_path: "second::Alpha",
        ..named("alpha", &[], 1)
    },
    Declaration {
        hooks: &HEAVY,
        ..named("heavy", &[], 0)
    },
    Declaration {
        kind: "tool",
        ..named("calc", &[], 0)
    },
];

/// Plugin number `N` of the table above.
pub(crate) struct Fake<const N: usize> {
    config: Value,
}

static JOURNALS: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

/// What the plugins of a test have done, in order.
pub(crate) fn journal(test: &str) -> Vec<String> {
    let mut journals = JOURNALS.lock().unwrap_or_else(PoisonError::into_inner);
    let journals = journals.get_or_insert_default();
    journals.remove(test).unwrap_or_default()
}

fn write(config: &Value, what: &str, name: &str) {
    if let Some(test) = config["journal"].as_str() {
        let mut journals = JOURNALS.lock().unwrap_or_else(PoisonError::into_inner);
        let journals = journals.get_or_insert_default();
        let journal = journals.entry(test.to_owned()).or_default();
        journal.push(format!("{what} {name}"));
    }
}

/// A registry whose plugins all get this config, with `kind.name` overrides.
pub(crate) fn registry(builder: RegistryBuilder, config: Value) -> Registry {
    builder.config(MemoryConfig::new(config)).build().unwrap()
}

impl<const N: usize> Plugin for Fake<N> {
    fn declaration() -> &'static Declaration {
        &DECLARATIONS[N]
    }

    fn setup(context: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async move {
            let name = DECLARATIONS[N].name;
            let config = config_of(context, &DECLARATIONS[N])?;
            write(&config, "setup", name);
            match config["setup"].as_str() {
                Some("fail") => Err(PluginError::new("no luck with hunter22")),
                Some("panic") => panic!("on purpose"),
                Some("hang") => std::future::pending().await,
                Some("block") => loop {
                    std::thread::park();
                },
                _ => Ok(Self { config }),
            }
        })
    }

    fn call<'a>(
        &'a self,
        hook: usize,
        ctx: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a> {
        let given = arguments.value();
        Ok(Box::pin(async move {
            let thread = std::thread::current();
            let value = match Self::declaration().hooks[hook].name {
                "echo" => json!({
                    "args": given,
                    "config": self.config,
                    "metadata": serde_json::Map::from(ctx.metadata()),
                    "thread": format!("{:?}", thread.id()),
                }),
                "fail" => return Err(HookError::new("no_luck", "it failed").details(given)),
                "panic" => panic!("on purpose"),
                "wait" => {
                    let _bomb = (self.config["wait"] == "bomb").then(|| Bomb);
                    std::future::pending().await
                }
                "thread" => json!(format!("{:?}", thread.id())),
                "spin" => {
                    while !ctx.cancellation().is_cancelled() {
                        std::thread::yield_now();
                    }
                    write(&self.config, "stopped", "spin");
                    json!(null)
                }
                other => return Err(HookError::new(code::HOOK_FAILED, other)),
            };
            Ok(Output::Value(value))
        }))
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            match self.config["health"].as_str() {
                Some("panic") => panic!("on purpose"),
                Some("hang") => std::future::pending().await,
                Some(reason) => Health::degraded(reason),
                None => Health::Healthy,
            }
        })
    }

    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async {
            write(&self.config, "teardown", Self::declaration().name);
            match self.config["teardown"].as_str() {
                Some("fail") => Err(PluginError::new("it holds on to hunter22")),
                Some("panic") => panic!("on purpose"),
                Some("hang") => std::future::pending().await,
                Some("restart") => Ok(Released::RequiresRestart),
                _ => Ok(Released::All),
            }
        })
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// The config as it stands.
fn config_of(
    context: SetupContext,
    declaration: &'static Declaration,
) -> Result<Value, ConfigInvalid> {
    let context = context.decode::<serde_json::Map<String, Value>>(declaration)?;
    Ok(Value::Object(context.config().clone()))
}

impl<const N: usize> Drop for Fake<N> {
    fn drop(&mut self) {
        match self.config["drop"].as_str() {
            Some("panic") => panic!("on purpose"),
            Some("block") => loop {
                std::thread::park();
            },
            _ => {}
        }
    }
}
