//! What a call costs in process, beside the same call written by hand.
//!
//! * `by_hand`: a `dyn` trait of async-trait whose method decodes with `serde_json::from_value` and
//!   encodes with `serde_json::to_value`: what an author would write without this SDK. It neither
//!   catches panics nor knows deadlines.
//! * `erased`: `PluginHandle::call` of the registry.
//!
//! Both echo a text of 40 bytes and one of 64 KiB, called by a task of a runtime, as hosts call. The
//! futures of a `fn` hook are ready at the first poll, so both are polled once and never awaited.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use dagstack_runtime::{HookContext, Registry};
use dagstack_tests::time_in_task;
use serde::Deserialize;
use serde_json::{Value, json};

#[async_trait]
trait ByHand: Send + Sync {
    async fn call(&self, hook: &str, arguments: Value) -> Result<Value, String>;
}

struct Echo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
}

#[async_trait]
impl ByHand for Echo {
    async fn call(&self, hook: &str, arguments: Value) -> Result<Value, String> {
        match hook {
            "echo" => {
                let arguments: Arguments =
                    serde_json::from_value(arguments).map_err(|error| error.to_string())?;
                serde_json::to_value(arguments.text).map_err(|error| error.to_string())
            }
            other => Err(format!("no hook {other}")),
        }
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a `fn` hook is ready at the first poll"),
    }
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let registry = Registry::builder()
        .plugin::<echo::Echo>()
        .build()
        .expect("a registry");
    let report = runtime.block_on(registry.setup_all());
    let erased = registry
        .plugin("tool", "echo")
        .unwrap_or_else(|error| panic!("{error}\n{report}"));
    // Hidden, or the compiler calls the only implementation there is directly.
    let by_hand: Arc<dyn ByHand> = black_box(Arc::new(Echo));
    let ctx = HookContext::default();

    for size in [40, 64 * 1024] {
        let mut group = criterion.benchmark_group(format!("echo {size} bytes"));
        let text = "x".repeat(size);
        // A whole call as its caller sees it: make the arguments, call, drop the result.
        group.bench_function("by_hand", |b| {
            b.iter_custom(|calls| {
                let (by_hand, text) = (Arc::clone(&by_hand), text.clone());
                time_in_task(calls, move || {
                    let call = by_hand.call(black_box("echo"), json!({ "text": &text }));
                    drop(black_box(ready(call)));
                })
            });
        });
        group.bench_function("erased", |b| {
            b.iter_custom(|calls| {
                let (erased, ctx, text) = (erased.clone(), ctx.clone(), text.clone());
                time_in_task(calls, move || {
                    let call = erased.call(black_box("echo"), &ctx, json!({ "text": &text }));
                    drop(black_box(ready(call)));
                })
            });
        });
        group.finish();
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
