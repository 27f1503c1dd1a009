//! What the registry adds to a call, and that it does not grow with the number of plugins.
//!
//! * `typed`: a call through the kind's trait as `registry.get` gives it, without middleware and with
//!   [`Observe`] where nobody listens, beside the same method of async-trait called directly (`bare`:
//!   it neither catches panics nor counts calls); and once more by a caller without a runtime around
//!   it, who is given the registry's.
//! * `ten plugins`: look-up and every class of dispatch over the same ten plugins, `alone` and `among
//!   10000 others`.
//!
//! Everything is called by a task of a runtime, as hosts call. All futures are ready at the first
//! poll, so they are polled once and never awaited.

use std::any::Any;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::declaration::{Declaration, Hook};
use dagstack_plugin::kind::{HookSpec, Lease, Native, Run};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Health, HookContext, HookError, Kind, Plugin, PluginError, Released, SetupContext,
    code, kind,
};
use dagstack_runtime::middleware::Observe;
use dagstack_runtime::{Registry, RegistryBuilder};
use dagstack_tests::time_in_task;

/// Hands text back.
#[kind(name = "bench", version = "1.0.0")]
pub trait Bench {
    #[hook(dispatch = "singleton")]
    async fn one(&self, text: String) -> String;
    #[hook(dispatch = "broadcast_collect")]
    async fn every(&self, text: String) -> String;
    #[hook(dispatch = "broadcast_notify")]
    async fn told(&self, text: String) -> ();
    #[hook(dispatch = "chain")]
    async fn pass(&self, text: String) -> String;
    #[hook(dispatch = "capability", extension = "text")]
    async fn read(&self, text: String) -> String;
}

const fn hook(name: &'static str) -> Hook {
    Hook {
        name,
        description: None,
        execution_model: ExecutionModel::Async,
        mcp_exposed: true,
        takes_context: true,
        annotations: dagstack_plugin::ToolAnnotations::NONE,
        params: &[],
        input_schema: |_| Schema::new(),
        output_schema: Schema::new,
        schemas: OnceLock::new(),
    }
}

static HOOKS: [Hook; 5] = [
    hook("one"),
    hook("every"),
    hook("told"),
    hook("pass"),
    hook("read"),
];

const fn declaration(name: &'static str, priority: u32) -> Declaration {
    Declaration {
        priority,
        kind_spec: Some(<dyn Bench as Kind>::SPEC),
        supports_extensions: &["txt"],
        ..Declaration::new("bench", name, name, &HOOKS, Schema::new)
    }
}

static DECLARATIONS: [Declaration; 10] = [
    declaration("p0", 0),
    declaration("p1", 1),
    declaration("p2", 2),
    declaration("p3", 3),
    declaration("p4", 4),
    declaration("p5", 5),
    declaration("p6", 6),
    declaration("p7", 7),
    declaration("p8", 8),
    declaration("p9", 9),
];

struct Hand<const N: usize>;

impl<const N: usize> Plugin for Hand<N> {
    fn declaration() -> &'static Declaration {
        &DECLARATIONS[N]
    }
    fn setup(_: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async { Ok(Self) })
    }
    fn call<'a>(&'a self, _: usize, _: &'a HookContext, _: Arguments<'_>) -> Called<'a> {
        // Everything here is called through the trait.
        Ok(Box::pin(async {
            Err(HookError::new(code::UNKNOWN_HOOK, "only typed"))
        }))
    }
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::Healthy })
    }
    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async { Ok(Released::All) })
    }
    fn native(self: Arc<Self>, lease: Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        let shell: Arc<dyn Bench> = Arc::new(Shell(Native::new(self, lease)));
        Some(Arc::new(shell))
    }
}

struct Shell<const N: usize>(Native<Hand<N>>);

/// As `#[plugin(kind = Bench)]` expands: one box, that of the shell's future.
macro_rules! shell {
    ($($place:literal $hook:ident $output:ty, $convert:expr;)*) => {
        impl<const N: usize> Bench for Shell<N> {
            $(fn $hook<'life0, 'life1, 'async_trait>(
                &'life0 self,
                ctx: &'life1 HookContext,
                text: String,
            ) -> BoxFuture<'async_trait, Result<$output, HookError>>
            where
                'life0: 'async_trait,
                'life1: 'async_trait,
                Self: 'async_trait,
            {
                self.0.call::<dyn Bench, $place>(ctx, (text,))
            })*
        }
        $(impl<const N: usize> Run<dyn Bench, $place> for Hand<N> {
            const PLACE: usize = $place;

            fn run<'x, 'a: 'x>(
                _: &'x Native<Self>,
                _: &'x HookContext,
                args: <dyn Bench as HookSpec<$place>>::Args<'a>,
            ) -> impl Future<Output = Result<$output, HookError>> + Send + 'x {
                async move { Ok($convert(args.0)) }
            }
        })*
    };
}

shell! {
    0 one String, |text| text;
    1 every String, |text| text;
    2 told (), drop;
    3 pass String, |text| text;
    4 read String, |text| text;
}

#[async_trait]
trait Bare: Send + Sync {
    async fn one(&self, ctx: &HookContext, text: String) -> Result<String, HookError>;
}

#[async_trait]
impl Bare for Hand<0> {
    async fn one(&self, _: &HookContext, text: String) -> Result<String, HookError> {
        Ok(text)
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn ten(builder: RegistryBuilder) -> Registry {
    let registry = builder
        .kind::<dyn Bench>()
        .plugin::<Hand<0>>()
        .plugin::<Hand<1>>()
        .plugin::<Hand<2>>()
        .plugin::<Hand<3>>()
        .plugin::<Hand<4>>()
        .plugin::<Hand<5>>()
        .plugin::<Hand<6>>()
        .plugin::<Hand<7>>()
        .plugin::<Hand<8>>()
        .plugin::<Hand<9>>()
        .build()
        .expect("a registry");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let report = runtime.block_on(registry.setup_all());
    let ready = report.plugins.iter().filter(|it| it.state.is_callable());
    assert_eq!(ready.count(), 10);
    registry
}

/// Registered, but of a kind the host does not have: nobody starts them.
fn among_others(mut builder: RegistryBuilder) -> RegistryBuilder {
    for number in 0..10_000 {
        builder = builder.executable("other", format!("p{number}"), ["/nonexistent"]);
    }
    builder
}

fn typed(criterion: &mut Criterion) {
    let plain = ten(Registry::builder());
    let observed = ten(Registry::builder().middleware(Observe::new()));
    let get = |registry: &Registry| registry.get::<dyn Bench>("p0").expect("a plugin");
    // Hidden, or the compiler calls the only implementation there is directly.
    let bare: Arc<dyn Bare> = black_box(Arc::new(Hand::<0>));
    let ctx = HookContext::default();
    let text = "x".repeat(40);
    let mut group = criterion.benchmark_group("typed");
    group.bench_function("bare", |b| {
        b.iter_custom(|calls| {
            let (bare, ctx, text) = (Arc::clone(&bare), ctx.clone(), text.clone());
            time_in_task(calls, move || {
                drop(black_box(ready(bare.one(&ctx, text.clone()))));
            })
        });
    });
    for (name, plugin) in [("registry", get(&plain)), ("observed", get(&observed))] {
        group.bench_function(name, |b| {
            b.iter_custom(|calls| {
                let (plugin, ctx, text) = (Arc::clone(&plugin), ctx.clone(), text.clone());
                time_in_task(calls, move || {
                    drop(black_box(ready(plugin.one(&ctx, text.clone()))));
                })
            });
        });
    }
    let plugin = get(&plain);
    group.bench_function("registry, no runtime", |b| {
        b.iter(|| ready(plugin.one(&ctx, text.clone())));
    });
    group.finish();
}

/// A bench of what a task does with a registry and the dispatcher of its kind.
fn of_task<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: String,
    registry: &Registry,
    run: impl Fn(&Registry, &BenchDispatcher, &HookContext) -> T + Copy + Send + 'static,
) {
    group.bench_function(name, |b| {
        b.iter_custom(|calls| {
            let (registry, ctx) = (registry.clone(), HookContext::default());
            let dispatcher = registry.dispatch::<dyn Bench>();
            time_in_task(calls, move || {
                drop(black_box(run(&registry, &dispatcher, &ctx)));
            })
        });
    });
}

fn ten_plugins(criterion: &mut Criterion) {
    let registries = [
        ("alone", ten(Registry::builder())),
        ("among 10000 others", ten(among_others(Registry::builder()))),
    ];
    let path = || black_box("a.txt").to_owned();
    let mut group = criterion.benchmark_group("ten plugins");
    for (setting, registry) in &registries {
        let named = |what: &str| format!("{what}/{setting}");
        let group = &mut group;
        of_task(group, named("plugin"), registry, |registry, _, _| {
            registry.plugin(black_box("bench"), black_box("p5")).is_ok()
        });
        of_task(group, named("get"), registry, |registry, _, _| {
            registry.get::<dyn Bench>(black_box("p5")).is_ok()
        });
        of_task(group, named("dispatch"), registry, |registry, _, _| {
            registry.dispatch::<dyn Bench>()
        });
        of_task(group, named("singleton"), registry, move |_, bench, ctx| {
            ready(bench.one(ctx, path())).is_ok()
        });
        of_task(
            group,
            named("capability"),
            registry,
            move |_, bench, ctx| ready(bench.read(ctx, path())).is_ok(),
        );
        of_task(group, named("collect"), registry, move |_, bench, ctx| {
            ready(bench.every(ctx, path())).is_ok()
        });
        of_task(group, named("notify"), registry, move |_, bench, ctx| {
            ready(bench.told(ctx, path())).is_ok()
        });
        of_task(group, named("chain"), registry, move |_, bench, ctx| {
            ready(bench.pass(ctx, path())).is_ok()
        });
    }
    group.finish();
}

criterion_group!(benches, typed, ten_plugins);
criterion_main!(benches);
