//! What it costs to bring a thousand plugins up and down again.
//!
//! * `awaits 10 ms`: each setup awaits a timer for 10 ms, as one does that opens a connection. Alone,
//!   one after the other, they would take ten seconds.
//! * `returns at once`: the overhead of the registry itself.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use dagstack_plugin::__private0_1::{Arguments, Called};
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    BoxFuture, Declaration, Health, HookContext, HookError, Plugin, PluginError, Released,
    SetupContext, code,
};
use dagstack_runtime::{Registry, RegistryBuilder};
use serde_json::json;

/// Plugin number `N`, which awaits `MS` milliseconds in its setup.
struct Numbered<const MS: u64, const N: usize>;

static DECLARATIONS: LazyLock<Vec<Declaration>> = LazyLock::new(|| {
    let schema = || Schema::from_iter([("type".to_owned(), json!("object"))]);
    let declaration = |number: usize| {
        let name: &'static str = format!("plugin-{number}").leak();
        Declaration::new("numbered", name, name, &[], schema)
    };
    (0..1000).map(declaration).collect()
});

impl<const MS: u64, const N: usize> Plugin for Numbered<MS, N> {
    fn declaration() -> &'static Declaration {
        &DECLARATIONS[N]
    }

    fn setup(_: SetupContext) -> BoxFuture<'static, Result<Self, PluginError>> {
        Box::pin(async {
            if MS > 0 {
                tokio::time::sleep(Duration::from_millis(MS)).await;
            }
            Ok(Self)
        })
    }

    fn call<'a>(&'a self, _: usize, _: &'a HookContext, _: Arguments<'_>) -> Called<'a> {
        Ok(Box::pin(async {
            Err(HookError::new(code::UNKNOWN_HOOK, "it has none"))
        }))
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::Healthy })
    }

    fn teardown(&self) -> BoxFuture<'_, Result<Released, PluginError>> {
        Box::pin(async { Ok(Released::All) })
    }
}

/// Adds ten, a hundred, a thousand plugins, beginning with number `$from`.
macro_rules! ten {
    ($builder:expr, $ms:literal, $from:expr) => {
        $builder
            .plugin::<Numbered<$ms, { $from }>>()
            .plugin::<Numbered<$ms, { $from + 1 }>>()
            .plugin::<Numbered<$ms, { $from + 2 }>>()
            .plugin::<Numbered<$ms, { $from + 3 }>>()
            .plugin::<Numbered<$ms, { $from + 4 }>>()
            .plugin::<Numbered<$ms, { $from + 5 }>>()
            .plugin::<Numbered<$ms, { $from + 6 }>>()
            .plugin::<Numbered<$ms, { $from + 7 }>>()
            .plugin::<Numbered<$ms, { $from + 8 }>>()
            .plugin::<Numbered<$ms, { $from + 9 }>>()
    };
}

macro_rules! hundred {
    ($builder:expr, $ms:literal, $from:expr) => {{
        let builder = ten!(ten!($builder, $ms, $from), $ms, $from + 10);
        let builder = ten!(ten!(builder, $ms, $from + 20), $ms, $from + 30);
        let builder = ten!(ten!(builder, $ms, $from + 40), $ms, $from + 50);
        let builder = ten!(ten!(builder, $ms, $from + 60), $ms, $from + 70);
        ten!(ten!(builder, $ms, $from + 80), $ms, $from + 90)
    }};
}

macro_rules! thousand {
    ($builder:expr, $ms:literal) => {{
        let builder = hundred!(hundred!($builder, $ms, 0), $ms, 100);
        let builder = hundred!(hundred!(builder, $ms, 200), $ms, 300);
        let builder = hundred!(hundred!(builder, $ms, 400), $ms, 500);
        let builder = hundred!(hundred!(builder, $ms, 600), $ms, 700);
        hundred!(hundred!(builder, $ms, 800), $ms, 900)
    }};
}

fn registry(builder: RegistryBuilder) -> Registry {
    builder
        .no_health_checks()
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

fn setups(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("setup_all of 1000 plugins");
    group.sample_size(20);
    let cases = [
        ("awaits 10 ms", registry(thousand!(Registry::builder(), 10))),
        (
            "returns at once",
            registry(thousand!(Registry::builder(), 0)),
        ),
    ];
    for (name, registry) in &cases {
        group.bench_function(*name, |b| {
            b.iter_custom(|rounds| {
                runtime.block_on(async {
                    let mut took = Duration::ZERO;
                    for _ in 0..rounds {
                        let begin = Instant::now();
                        let report = registry.setup_all().await;
                        took += begin.elapsed();
                        assert!(report.all_ready(), "{report}");
                        if let Err(error) = registry.teardown_all().await {
                            panic!("{error}");
                        }
                    }
                    took
                })
            });
        });
    }
    group.bench_function("and teardown_all", |b| {
        let registry = &cases[1].1;
        b.iter(|| {
            runtime.block_on(async {
                let report = registry.setup_all().await;
                assert!(report.all_ready(), "{report}");
                registry.teardown_all().await
            })
        });
    });
    group.finish();
}

criterion_group!(benches, setups);
criterion_main!(benches);
