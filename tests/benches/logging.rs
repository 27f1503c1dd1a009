//! What logging costs.
//!
//! * `a call`: the same erased call, by a task, of a hook that logs at a level that is off, once with an
//!   empty context and once with metadata, trace context and tenant. The difference is to stay within
//!   150 ns.
//! * `a line`: one event, written by `JsonLines` and by tracing-subscriber's own JSON formatter, to
//!   nowhere. Ours is to stay within 1.5 times.
//! * `a record`: what a `Logger` does for one record, through the same two.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use dagstack_plugin::logging::JsonLines;
use dagstack_plugin::{Metadata, Severity};
use dagstack_runtime::{HookContext, Registry};
use dagstack_tests::time_in_task;
use serde_json::json;
use tracing::Dispatch;
use tracing::dispatcher::{set_global_default, with_default};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a `fn` hook is ready at the first poll"),
    }
}

fn full_context() -> HookContext {
    let metadata = Metadata::new()
        .with("tenant_id", "acme")
        .with("request_id", "r-1")
        .with("trace_context", json!({ "traceparent": PARENT }));
    HookContext::default().with_metadata(metadata)
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let registry = Registry::builder()
        .plugin::<tenant_notes::TenantNotes>()
        .build()
        .expect("a registry");
    let report = runtime.block_on(registry.setup_all());
    let notes = registry
        .plugin("tool", "tenant-notes")
        .unwrap_or_else(|error| panic!("{error}\n{report}"));
    let off = Dispatch::new(
        tracing_subscriber::registry()
            .with(LevelFilter::ERROR)
            .with(JsonLines::new(std::io::sink)),
    );
    let mut group = criterion.benchmark_group("a call");
    let (empty, full) = (HookContext::default(), full_context());
    // Of whichever thread the task runs on.
    set_global_default(off).expect("the first subscriber");
    for (name, ctx) in [("empty", &empty), ("full", &full)] {
        group.bench_function(name, |b| {
            b.iter_custom(|calls| {
                let (notes, ctx) = (notes.clone(), ctx.clone());
                time_in_task(calls, move || {
                    drop(black_box(ready(notes.call(
                        black_box("peek"),
                        &ctx,
                        json!({}),
                    ))));
                })
            });
        });
    }
    group.bench_function("logger off", |b| {
        b.iter(|| {
            black_box(&full)
                .logger()
                .info(black_box("nobody reads this"))
        });
    });
    group.finish();
}

fn lines(criterion: &mut Criterion) {
    let ours = Dispatch::new(tracing_subscriber::registry().with(JsonLines::new(std::io::sink)));
    let theirs = Dispatch::new(
        tracing_subscriber::registry().with(
            tracing_subscriber::fmt::layer()
                .json()
                .with_writer(std::io::sink),
        ),
    );
    let mut group = criterion.benchmark_group("a line");
    for (name, dispatch) in [("JsonLines", &ours), ("tracing-subscriber", &theirs)] {
        with_default(dispatch, || {
            group.bench_function(name, |b| {
                b.iter(|| {
                    tracing::info!(
                        document = black_box("report.pdf"),
                        pages = black_box(12_u64),
                        took_ms = black_box(3.5),
                        cached = black_box(false),
                        "indexed"
                    );
                });
            });
            let span = tracing::info_span!("request", tenant = "acme", number = 7);
            group.bench_function(format!("{name}, in a span"), |b| {
                let _entered = span.enter();
                b.iter(|| tracing::info!(pages = black_box(12_u64), "indexed"));
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("a record");
    let log = full_context().logger();
    for (name, dispatch) in [("JsonLines", &ours), ("tracing-subscriber", &theirs)] {
        with_default(dispatch, || {
            group.bench_function(name, |b| {
                b.iter(|| {
                    log.log(
                        Severity::INFO,
                        "indexed",
                        [("document", json!("report.pdf")), ("pages", json!(12))],
                    );
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, calls, lines);
criterion_main!(benches);
