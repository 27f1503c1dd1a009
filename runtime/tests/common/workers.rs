//! A kind with a hook of every class, and plugins of it: linked with the kind's trait (`worker`), or
//! of a kind that is only a name (`loose`).

#![allow(dead_code, clippy::manual_async_fn)]

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::declaration::Hook;
use dagstack_plugin::kind::{Lease, Native, Run};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Declaration, Health, HookContext, HookError, Kind, Output, Plugin, PluginError,
    Released, SetupContext, async_trait, code, kind,
};
use serde_json::{Map, Value, json};

/// Does work.
#[kind(name = "worker", version = "1.2.0")]
pub trait Worker {
    #[hook(dispatch = "singleton")]
    async fn one(&self, text: String) -> String;
    #[hook(dispatch = "broadcast_collect")]
    async fn every(&self, text: String) -> String;
    #[hook(dispatch = "broadcast_collect", error_policy = "best_effort")]
    async fn some(&self, text: String) -> String;
    #[hook(dispatch = "broadcast_notify")]
    async fn told(&self, text: String);
    #[hook(dispatch = "chain")]
    async fn pass(&self, text: String) -> String;
    #[hook(dispatch = "capability", extension = "path")]
    async fn read(&self, path: String) -> String;
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn hidden(&self, text: &str) -> String;
}

const fn hook(name: &'static str, mcp_exposed: bool) -> Hook {
    Hook {
        name,
        description: None,
        execution_model: ExecutionModel::Async,
        mcp_exposed,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| Schema::new(),
        output_schema: Schema::new,
        schemas: OnceLock::new(),
    }
}

static HOOKS: [Hook; 7] = [
    hook("one", true),
    hook("every", true),
    hook("some", true),
    hook("told", true),
    hook("pass", true),
    hook("read", true),
    hook("hidden", false),
];

fn anything() -> Schema {
    Schema::from_iter([("type".to_owned(), json!("object"))])
}

const fn worker(name: &'static str, priority: u32) -> Declaration {
    Declaration {
        priority,
        kind_spec: Some(<dyn Worker as Kind>::SPEC),
        ..Declaration::new("worker", name, name, &HOOKS, anything)
    }
}

const fn loose(name: &'static str, priority: u32) -> Declaration {
    Declaration {
        priority,
        ..Declaration::new("loose", name, name, &HOOKS, anything)
    }
}

pub(crate) const LOW: usize = 0;
pub(crate) const MID: usize = 1;
pub(crate) const HIGH: usize = 2;
pub(crate) const FIRST: usize = 3;
pub(crate) const LAST: usize = 4;
pub(crate) const TIE: usize = 5;
pub(crate) const PDF: usize = 6;
pub(crate) const ALSO_PDF: usize = 7;
pub(crate) const REST: usize = 8;
pub(crate) const REST2: usize = 9;
pub(crate) const OLD: usize = 10;
pub(crate) const LOOSE_A: usize = 11;
pub(crate) const LOOSE_B: usize = 12;
pub(crate) const WORKAR: usize = 13;
pub(crate) const LOOSE_C: usize = 14;

static DECLARATIONS: [Declaration; 15] = [
    worker("low", 1),
    Declaration {
        capabilities: &["pii_handling"],
        metadata: &[("region", "eu")],
        ..worker("mid", 5)
    },
    worker("high", 9),
    Declaration {
        tryfirst: true,
        ..worker("first", 0)
    },
    Declaration {
        trylast: true,
        ..worker("last", 50)
    },
    worker("tie", 9),
    Declaration {
        supports_extensions: &[".pdf"],
        supports_languages: &["Rust"],
        supports_mime_types: &["text/*"],
        ..worker("pdf", 3)
    },
    Declaration {
        supports_extensions: &["PDF"],
        ..worker("also-pdf", 3)
    },
    Declaration {
        fallback: true,
        ..worker("rest", 2)
    },
    Declaration {
        fallback: true,
        ..worker("rest2", 7)
    },
    Declaration {
        kind_api_version: "2",
        ..worker("old", 0)
    },
    loose("a", 1),
    Declaration {
        supports_extensions: &["txt"],
        ..loose("b", 1)
    },
    Declaration::new("workar", "x", "x", &HOOKS, anything),
    loose("c", 9),
];

/// Plugin number `N` of the table above.
pub(crate) struct Hand<const N: usize>;

static TOLD: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// The plugins that heard `text`, in the order they did.
pub(crate) fn heard(text: &str) -> Vec<String> {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let told = told.iter().filter(|(heard, _)| heard == text);
    told.map(|(_, name)| name.clone()).collect()
}

/// What a hook does stands in its text: `name=fail` and the like, for the plugin of that name.
async fn act(name: &str, hook: &str, text: &str) -> Result<Value, HookError> {
    TOLD.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((text.to_owned(), name.to_owned()));
    let order = text.split_whitespace().find_map(|word| {
        let (who, what) = word.split_once('=')?;
        (who == name || who == "*").then_some(what)
    });
    match order {
        Some("fail") => Err(HookError::new("no_luck", "it failed with hunter22")),
        Some("panic") => panic!("by request"),
        Some("deny") => Err(HookError::new(code::PERMISSION_DENIED, "not you")),
        Some("stop") => Err(HookError::stop(&format!("{text}|{name} stops"))),
        Some("number") => Ok(json!(7)),
        Some("wait") => std::future::pending().await,
        Some("yield") => {
            tokio::task::yield_now().await;
            Ok(json!(name))
        }
        _ if hook == "pass" => Ok(json!(format!("{text}>{name}"))),
        _ if hook == "told" => Ok(Value::Null),
        _ => Ok(json!(name)),
    }
}

fn text(value: Value) -> Result<String, HookError> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(HookError::new(code::HOOK_FAILED, other.to_string())),
    }
}

impl<const N: usize> Plugin for Hand<N> {
    fn declaration() -> &'static Declaration {
        &DECLARATIONS[N]
    }

    fn setup(context: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async move {
            let context = context.decode::<Map<String, Value>>(Self::declaration())?;
            match context.config().get("setup") {
                Some(_) => Err(PluginError::new("by request")),
                None => Ok(Self),
            }
        })
    }

    fn call<'a>(
        &'a self,
        place: usize,
        ctx: &'a HookContext,
        arguments: Arguments<'_>,
    ) -> Called<'a> {
        let given = arguments.value();
        Ok(Box::pin(async move {
            let declaration = Self::declaration();
            let hook = declaration.hooks[place].name;
            let param = if hook == "read" { "path" } else { "text" };
            let Some(text) = given[param].as_str() else {
                let what = format!("`{param}` is no text: {}", given[param]);
                return Err(HookError::new(code::INVALID_ARGUMENTS, what));
            };
            if text == "metadata" {
                let metadata = Value::Object(ctx.metadata().into());
                return Ok(Output::Value(json!(metadata.to_string())));
            }
            act(declaration.name, hook, text).await.map(Output::Value)
        }))
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::Healthy })
    }

    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async { Ok(Released::All) })
    }

    fn native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        Self::declaration().kind_spec?;
        let shell: Arc<dyn Worker> = Arc::new(Shell(Native::new(self, lease)));
        Some(Arc::new(shell))
    }
}

pub(crate) struct Shell<const N: usize>(Native<Hand<N>>);

macro_rules! shell {
    ($($place:literal $hook:ident ($arg:ty) -> $output:ty, $convert:expr;)*) => {
        #[async_trait]
        impl<const N: usize> Worker for Shell<N> {
            $(async fn $hook(&self, ctx: &HookContext, text: $arg) -> Result<$output, HookError> {
                self.0.call::<dyn Worker, $place>(ctx, (text,)).await
            })*
        }
        $(impl<const N: usize> Run<dyn Worker, $place> for Hand<N> {
            const PLACE: usize = $place;

            fn run<'x, 'a: 'x>(
                _: &'x Native<Self>,
                ctx: &'x HookContext,
                args: <dyn Worker as dagstack_plugin::kind::HookSpec<$place>>::Args<'a>,
            ) -> impl Future<Output = Result<$output, HookError>> + Send + 'x {
                async move {
                    let name = Self::declaration().name;
                    if &*args.0 == "metadata" {
                        let metadata = Value::Object(ctx.metadata().into());
                        return $convert(json!(metadata.to_string()));
                    }
                    $convert(act(name, stringify!($hook), &args.0).await?)
                }
            }
        })*
    };
}

shell! {
    0 one(String) -> String, text;
    1 every(String) -> String, text;
    2 some(String) -> String, text;
    3 told(String) -> (), |_| Ok(());
    4 pass(String) -> String, text;
    5 read(String) -> String, text;
    6 hidden(&str) -> String, text;
}
