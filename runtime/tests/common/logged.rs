//! Hosts whose middleware writes down every call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dagstack_plugin::async_trait;
use dagstack_runtime::middleware::{Call, Middleware, Next};
use dagstack_runtime::{HookError, Registry, RegistryBuilder};
use serde_json::{Value, json};

pub(crate) fn builder() -> RegistryBuilder {
    Registry::builder().environment(|_| None)
}

pub(crate) async fn ready(builder: RegistryBuilder) -> Registry {
    let registry = builder.build().unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

pub(crate) fn text(text: &str) -> Value {
    json!({ "text": text })
}

pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

/// Writes down every call.
pub(crate) struct Logged {
    name: &'static str,
    priority: u32,
    log: Log,
    pub(crate) asked: AtomicUsize,
}

impl Logged {
    pub(crate) fn new(name: &'static str, priority: u32, log: &Log) -> Self {
        Self {
            name,
            priority,
            log: Arc::clone(log),
            asked: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Middleware for Logged {
    fn priority(&self) -> u32 {
        self.priority
    }
    fn wraps(&self, _: &str, hook: &str) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        hook != "pass"
    }
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let what = format!("{}.{}", call.plugin(), call.hook());
        let note = |word: &str| {
            let line = format!("{} {word} {what}", self.name);
            self.log.lock().unwrap().push(line);
        };
        note("before");
        let outcome = next.run(call).await;
        note("after");
        outcome
    }
}
