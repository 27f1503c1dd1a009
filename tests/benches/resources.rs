//! What a call of a host's resource costs a plugin in another process, beside the call of a hook of
//! that plugin: both are one request and one answer on the same stream.
//!
//! Each round times both, one after the other, so that what else the machine does hits both alike.
//! The figures are medians over the rounds; the ratio is the median of the rounds' ratios.
//!
//! `cargo bench -p dagstack-tests --bench resources`

use std::sync::Arc;
use std::time::{Duration, Instant};

use dagstack_plugin::{HookContext, HookError, async_trait};
use dagstack_runtime::resources::{Clock, SystemClock};
use dagstack_runtime::{PluginHandle, Registry};
use dagstack_tests::built;
use resource_probe::Ledger;
use serde_json::{Value, json};

const ROUNDS: usize = 31;
const CALLS: u32 = 1000;

/// Answers at once.
struct Books;

#[async_trait]
impl Ledger for Books {
    async fn book(&self, _: String, cents: i64) -> Result<i64, HookError> {
        Ok(cents)
    }
    async fn wait(&self, _: u64) -> Result<String, HookError> {
        Ok(String::new())
    }
    async fn fail(&self, _: String) -> Result<(), HookError> {
        Ok(())
    }
    async fn panic(&self) -> Result<(), HookError> {
        Ok(())
    }
    async fn echo(&self, value: Option<Value>) -> Result<Option<Value>, HookError> {
        Ok(value)
    }
}

async fn hooks(probe: &PluginHandle, ctx: &HookContext, hook: &str) -> Duration {
    let began = Instant::now();
    for _ in 0..CALLS {
        probe.call(hook, ctx, json!({})).await.expect("it answers");
    }
    began.elapsed() / CALLS
}

async fn resources(probe: &PluginHandle, ctx: &HookContext) -> Duration {
    let args = json!({ "account": "a", "cents": 1, "times": CALLS });
    let began = Instant::now();
    probe.call("book", ctx, args).await.expect("it answers");
    began.elapsed() / CALLS
}

fn median<T: Copy + PartialOrd>(mut list: Vec<T>) -> T {
    list.sort_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    list[list.len() / 2]
}

fn measure(name: &str, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        let registry = Registry::builder()
            .executable("tool", "probe", built("resource-probe"))
            .resource::<dyn Ledger>("ledger", Arc::new(Books))
            .resource::<dyn Clock>("clock", Arc::new(SystemClock))
            .build()
            .expect("a registry");
        let report = registry.setup_all().await;
        let probe = registry.plugin("tool", "probe").expect("it is there");
        assert!(probe.state().is_callable(), "{report}");
        let ctx = HookContext::new();
        let (mut sync, mut waits, mut calls, mut ratios) = (vec![], vec![], vec![], vec![]);
        // The first round warms both up.
        for round in 0..=ROUNDS {
            let one = hooks(&probe, &ctx, "time").await;
            let two = hooks(&probe, &ctx, "nothing").await;
            let three = resources(&probe, &ctx).await;
            if round > 0 {
                sync.push(one);
                waits.push(two);
                calls.push(three);
                ratios.push(three.as_secs_f64() / two.as_secs_f64());
            }
        }
        println!(
            "{name}: fn hook {:?}, async hook {:?}, resource call {:?}; resource / async hook {:.2}",
            median(sync),
            median(waits),
            median(calls),
            median(ratios),
        );
        registry.teardown_all().await.expect("it ends");
    });
}

fn main() {
    let current = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    measure("host on one thread", &current);
    let several = tokio::runtime::Runtime::new().expect("a runtime");
    measure("host on several threads", &several);
}
