//! A kind with a trait and plugins of it, written by hand as the macros would; a test controls each
//! through the [`Control`] that its config names.

#![allow(dead_code)]

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::declaration::{DependsOn, Hook};
use dagstack_plugin::kind::{
    Caller, Dispatch, Dispatching, HookSpec, KindHook, KindSpec, Lease, Native, Proxy, Run,
};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::peers::Peers;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Declaration, Health, HookContext, HookError, Kind, Output, Plugin, PluginError,
    Released, SetupContext,
};
use dagstack_runtime::{ConfigSource, ConfigSourceError};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

// ---- the kind ----

/// What the hooks of every plugin here are.
pub(crate) trait Fake: Send + Sync + 'static {
    /// `"wait"` waits for ever; anything else comes back.
    fn echo<'a>(
        &'a self,
        ctx: &'a HookContext,
        text: String,
    ) -> BoxFuture<'a, Result<Value, HookError>>;
}

static KIND_HOOKS: [KindHook; 1] = [KindHook {
    params: &["text"],
    ..KindHook::new("echo", Dispatch::Singleton)
}];

static SPEC: KindSpec = KindSpec {
    name: "fake",
    version: "1.0.0",
    description: None,
    constraints: &[],
    hooks: &KIND_HOOKS,
};

pub(crate) struct NoDispatcher;

impl From<Dispatching<dyn Fake>> for NoDispatcher {
    fn from(_: Dispatching<dyn Fake>) -> Self {
        Self
    }
}

impl Kind for dyn Fake {
    const SPEC: &'static KindSpec = &SPEC;
    type Dispatcher = NoDispatcher;

    fn proxy(caller: Arc<dyn Caller>) -> Arc<Self> {
        Arc::new(Proxy::new(caller))
    }
}

impl HookSpec<0> for dyn Fake {
    type Args<'a> = (String,);
    type Output = Value;

    fn args_to_json(args: &(String,)) -> Result<Value, HookError> {
        Ok(json!({ "text": args.0 }))
    }
    fn args_from_json<'a>(args: Value) -> Result<Self::Args<'a>, HookError> {
        Ok((args["text"].as_str().unwrap_or_default().to_owned(),))
    }
    fn output_to_json(output: &Value) -> Result<Value, HookError> {
        Ok(output.clone())
    }
    fn output_from_json(output: Value) -> Result<Value, HookError> {
        Ok(output)
    }
}

impl Fake for Proxy {
    fn echo<'a>(
        &'a self,
        ctx: &'a HookContext,
        text: String,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        self.call::<dyn Fake, 0>(ctx, (text,))
    }
}

// ---- what a test knows and says of a plugin ----

/// What a test knows and says of a plugin.
#[derive(Default)]
pub(crate) struct Control {
    /// How many instances there have been.
    pub(crate) instances: AtomicUsize,
    /// How many there are.
    pub(crate) alive: AtomicUsize,
    /// What the next health checks say; the last one stays.
    pub(crate) health: Mutex<VecDeque<Check>>,
    /// Told of every health check.
    pub(crate) checked: Mutex<Option<mpsc::UnboundedSender<()>>>,
    /// What the last instance was given.
    pub(crate) peers: Mutex<Option<Peers>>,
}

/// What a health check does.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    Says(Health),
    Hangs,
    Blocks,
}

static CONTROLS: Mutex<Option<HashMap<String, Arc<Control>>>> = Mutex::new(None);

/// The control of the plugins whose config says `{"control": key}`.
pub(crate) fn control(key: &str) -> Arc<Control> {
    let mut controls = CONTROLS.lock().unwrap();
    let controls = controls.get_or_insert_default();
    Arc::clone(controls.entry(key.to_owned()).or_default())
}

impl Control {
    /// Sets what the next health checks do.
    pub(crate) fn will(&self, checks: impl IntoIterator<Item = Check>) {
        *self.health.lock().unwrap() = checks.into_iter().collect();
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}

/// A config that a test can change.
#[derive(Clone)]
pub(crate) struct Changing(pub(crate) Arc<Mutex<Value>>);

impl Changing {
    pub(crate) fn new(tree: Value) -> Self {
        Self(Arc::new(Mutex::new(tree)))
    }

    pub(crate) fn set(&self, tree: Value) {
        *self.0.lock().unwrap() = tree;
    }
}

impl ConfigSource for Changing {
    fn id(&self) -> &str {
        "memory:changing"
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        let tree = self.0.lock().unwrap().clone();
        Box::pin(std::future::ready(match tree {
            Value::Null => Err(ConfigSourceError::new("no such file")),
            tree => Ok(tree),
        }))
    }
}

// ---- the plugins ----

const fn hook(name: &'static str, execution_model: ExecutionModel, mcp_exposed: bool) -> Hook {
    Hook {
        name,
        description: None,
        execution_model,
        mcp_exposed,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| Schema::new(),
        output_schema: Schema::new,
        schemas: OnceLock::new(),
    }
}

static HOOKS: [Hook; 1] = [hook("echo", ExecutionModel::Async, true)];

const fn long(name: &'static str) -> Hook {
    hook(name, ExecutionModel::ProcessCpuBound, true)
}

const fn own(name: &'static str) -> Hook {
    hook(name, ExecutionModel::ProcessCpuBound, false)
}

static LONG_HOOKS: [Hook; 5] = [
    long("echo"),
    long("die"),
    long("wait"),
    long("fail"),
    own("own"),
];

static OWN_HOOKS: [Hook; 1] = [own("own")];

fn anything() -> Schema {
    Schema::from_iter([("type".to_owned(), json!("object"))])
}

const fn named(name: &'static str, depends_on: &'static [DependsOn]) -> Declaration {
    Declaration {
        depends_on,
        startup_timeout_sec: Some(5),
        teardown_timeout_sec: Some(1),
        maintainer: Some("Ada <ada@example.org>"),
        ..Declaration::new("fake", name, name, &HOOKS, anything)
    }
}

pub(crate) const PLAIN: usize = 0;
pub(crate) const BY_KIND: usize = 1;
pub(crate) const BY_NAME: usize = 2;
pub(crate) const LONELY: usize = 3;
pub(crate) const NARCISSUS: usize = 4;
pub(crate) const OTHER_PLAIN: usize = 5;
/// The plugin that the fake server is too.
pub(crate) const CHILD: usize = 6;
pub(crate) const BY_CHILD: usize = 7;
/// Its long hook is not exposed.
pub(crate) const HERMIT: usize = 8;

static DECLARATIONS: [Declaration; 9] = [
    named("plain", &[]),
    named(
        "by-kind",
        &[DependsOn {
            kind: Some("fake"),
            name: "plain",
        }],
    ),
    named(
        "by-name",
        &[DependsOn {
            kind: None,
            name: "plain",
        }],
    ),
    named("lonely", &[]),
    named(
        "narcissus",
        &[DependsOn {
            kind: None,
            name: "narcissus",
        }],
    ),
    Declaration {
        kind: "other",
        type_path: "other::Plain",
        ..named("plain", &[])
    },
    Declaration {
        hooks: &LONG_HOOKS,
        ..named("child", &[])
    },
    named(
        "by-child",
        &[DependsOn {
            kind: Some("fake"),
            name: "child",
        }],
    ),
    Declaration {
        hooks: &OWN_HOOKS,
        execution_model: ExecutionModel::ProcessCpuBound,
        ..named("hermit", &[])
    },
];

/// Plugin number `N` of the table above.
pub(crate) struct Typed<const N: usize> {
    config: Value,
    control: Arc<Control>,
}

impl<const N: usize> Drop for Typed<N> {
    fn drop(&mut self) {
        self.control.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<const N: usize> Plugin for Typed<N> {
    fn declaration() -> &'static Declaration {
        &DECLARATIONS[N]
    }

    fn setup(context: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async move {
            let context = context.decode::<Map<String, Value>>(Self::declaration())?;
            let config = Value::Object(context.config().clone());
            let control = control(config["control"].as_str().unwrap_or_default());
            *control.peers.lock().unwrap() = Some(context.registry().clone());
            if config["setup"] == "fail" {
                return Err(PluginError::new("no luck"));
            }
            control.instances.fetch_add(1, Ordering::SeqCst);
            control.alive.fetch_add(1, Ordering::SeqCst);
            Ok(Self { config, control })
        })
    }

    fn call<'a>(&'a self, _: usize, _: &'a HookContext, arguments: Arguments<'_>) -> Called<'a> {
        let given = arguments.value();
        Ok(Box::pin(async move {
            let text = given["text"].clone();
            self.answer(text.as_str().unwrap_or_default())
                .await
                .map(Output::Value)
        }))
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            if let Some(told) = &*self.control.checked.lock().unwrap() {
                let _ = told.send(());
            }
            let check = {
                let mut checks = self.control.health.lock().unwrap();
                match checks.len() {
                    0 => Check::Says(Health::Healthy),
                    1 => checks[0].clone(),
                    _ => checks.pop_front().unwrap(),
                }
            };
            match check {
                Check::Says(health) => health,
                Check::Hangs => std::future::pending().await,
                Check::Blocks => loop {
                    std::thread::park();
                },
            }
        })
    }

    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async {
            match self.config["teardown"].as_str() {
                Some("hang") => std::future::pending().await,
                Some("fail") => Err(PluginError::new("it holds on")),
                Some("restart") => Ok(Released::RequiresRestart),
                _ => Ok(Released::All),
            }
        })
    }

    fn native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        let shell: Arc<dyn Fake> = Arc::new(Shell(Native::new(self, lease)));
        Some(Arc::new(shell))
    }
}

impl<const N: usize> Typed<N> {
    async fn answer(&self, text: &str) -> Result<Value, HookError> {
        match text {
            "wait" => std::future::pending().await,
            "yield" => {
                tokio::task::yield_now().await;
                Ok(json!(text))
            }
            _ => Ok(json!({ "text": text, "config": self.config })),
        }
    }
}

impl<const N: usize> Run<dyn Fake, 0> for Typed<N> {
    const PLACE: usize = 0;

    fn run<'x, 'a: 'x>(
        native: &'x Native<Self>,
        ctx: &'x HookContext,
        args: (String,),
    ) -> impl Future<Output = Result<Value, HookError>> + Send + 'x {
        // Boxed before anything awaits it: inside an `async` block the compiler forgets that the
        // kind is `'static`.
        let run: BoxFuture<'x, _> = match Self::declaration().hooks[0].execution_model {
            ExecutionModel::ProcessCpuBound => {
                Box::pin(native.in_worker::<dyn Fake + 'static, 0>(ctx, args))
            }
            _ => Box::pin(async move { native.plugin().answer(&args.0).await }),
        };
        run
    }
}

struct Shell<const N: usize>(Native<Typed<N>>);

impl<const N: usize> Fake for Shell<N> {
    fn echo<'a>(
        &'a self,
        ctx: &'a HookContext,
        text: String,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        self.0.call::<dyn Fake, 0>(ctx, (text,))
    }
}
