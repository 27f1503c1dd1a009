//! A plugin that uses all that a test can give it and see of it; `tests/testing.rs` runs it in both
//! builds.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::{
    BlobStore, Clock, HttpClient, HttpRequest, Resources, Rng, TempDir, TenantRegistry,
};
use dagstack_plugin::serde_json::{Map, Value, json};
use dagstack_plugin::{CancelToken, Logger, Severity};

/// A number that its schema does not tell from others.
#[data]
#[derive(Clone, Copy)]
#[serde(try_from = "u8")]
#[schemars(with = "u8")]
pub struct Even(u8);

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        match value % 2 {
            0 => Ok(Self(value)),
            _ => Err(format!("{value} is odd")),
        }
    }
}

/// What the plugin is given.
#[data]
#[derive(Clone)]
pub struct Config {
    /// What it can take.
    #[schemars(with = "u8", range(max = 100))]
    pub limit: Even,
    /// A secret.
    pub phrase: Option<Secret<String>>,
}

/// Uses what it is given.
pub struct Observed {
    limit: Arc<Mutex<u8>>,
    phrase: String,
    resources: Resources,
    logger: Logger,
    /// A call that was given up has heard of it.
    heard: CancelToken,
}

/// Uses what it is given.
#[plugin(
    kind = "tool",
    name = "observed",
    resources(optional = ["blob_store", "clock", "http_client", "rng", "tenant_registry", "tmpdir"])
)]
impl Observed {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let limit = ctx.config().limit.0;
        ctx.logger().bind("limit", limit).info("set up");
        if limit == 100 {
            return Err("too much".into());
        }
        let shared = Arc::new(Mutex::new(limit));
        let (current, logger) = (Arc::clone(&shared), ctx.logger());
        ctx.on_section_change(move |old: &Config, new: &Config| {
            logger.info(format!("from {} to {}", old.limit.0, new.limit.0));
            *current.lock().unwrap_or_else(PoisonError::into_inner) = new.limit.0;
        });
        let phrase = ctx.config().phrase.as_ref();
        Ok(Self {
            limit: shared,
            phrase: phrase.map_or_else(String::new, |it| it.expose().clone()),
            resources: ctx.resources().clone(),
            logger: ctx.logger(),
            heard: CancelToken::new(),
        })
    }

    #[health]
    fn health(&self) -> Health {
        match self.current() {
            10 => Health::degraded(format!("ten, says {}", self.phrase)),
            _ => Health::Healthy,
        }
    }

    #[teardown]
    fn teardown(&self) -> Result<Released, String> {
        self.logger.info("torn down");
        match self.current() {
            20 => Ok(Released::RequiresRestart),
            30 => Err("it sticks".to_owned()),
            40 => panic!("on purpose"),
            _ => Ok(Released::All),
        }
    }

    /// What a hook sees of its call.
    #[hook]
    fn see(&self, ctx: &HookContext) -> Value {
        let metadata: Map<String, Value> = ctx.metadata().into();
        json!({
            "metadata": metadata,
            "tenant": ctx.tenant().tenant_id(),
            "traceparent": ctx.trace_context().map(|it| it.traceparent.to_owned()),
            "minutes_left": ctx.remaining().map(|left| left.as_secs().div_ceil(60)),
        })
    }

    /// What it can take.
    #[hook]
    fn limit(&self) -> u8 {
        self.current()
    }

    /// Says how far it is.
    #[hook]
    async fn report(&self, ctx: &HookContext, steps: u32) {
        ctx.progress().event("began", json!({ "steps": steps }));
        for step in 1..=steps {
            let percent = f64::from(step) * 100.0 / f64::from(steps);
            let payload = json!({ "step": step });
            ctx.progress().update_with(percent, "going on", payload);
        }
        ctx.progress().update(100.0, "done");
    }

    /// Waits until nobody waits for it.
    #[hook]
    async fn wait(&self, ctx: &HookContext) {
        let _heard = CancelOnDrop(self.heard.clone());
        ctx.progress().update(0.0, "waits");
        std::future::pending().await
    }

    /// Computes until nobody waits for it.
    #[hook(execution_model = "thread_cpu_bound")]
    fn compute(&self, ctx: &HookContext) {
        let _heard = CancelOnDrop(self.heard.clone());
        ctx.progress().update(0.0, "computes");
        while !ctx.cancellation().is_cancelled() {
            std::thread::yield_now();
        }
    }

    /// Returns once one of these has heard that nobody waits for it.
    #[hook]
    async fn heard(&self) {
        self.heard.cancelled().await;
    }

    /// Logs in every way.
    #[hook]
    async fn log(&self, ctx: &HookContext) {
        let log = ctx.logger().bind("call", 7);
        for severity in [1, 5, 9, 13, 17, 21] {
            let severity = Severity::new(severity).unwrap_or(Severity::INFO);
            let attributes = [("deep", json!({ "api_key": "k-1", "n": [1, 2.5] }))];
            log.log(severity, severity.text(), attributes);
        }
        log.info(json!({ "a": "body" }));
        log.exception(&std::io::Error::other("no disk"));
        let span = tracing::info_span!("outer", token = "t-1", page = 3);
        span.in_scope(|| tracing::warn!(rows = 2, "by tracing"));
        tracing::debug!("too little");
        let elsewhere = log.clone();
        let spawned = tokio::spawn(async move {
            elsewhere.info("in a task");
            tracing::info!("by tracing in a task");
        });
        let _ = spawned.await;
        let elsewhere = log.clone();
        let _ = std::thread::spawn(move || elsewhere.info("in a thread")).join();
    }

    /// Logs what the config has that nobody may see.
    #[hook]
    fn tell(&self, ctx: &HookContext) -> Result<(), String> {
        let attributes = [("phrase_token", self.phrase.as_str())];
        ctx.logger().log(Severity::INFO, "told", attributes);
        Err(format!("no use for {}", self.phrase))
    }

    /// Uses each of the standard resources.
    #[hook]
    async fn use_resources(&self) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let of = &self.resources;
        let http = of.get::<dyn HttpClient>("http_client")?;
        let request = HttpRequest::get("https://example.org/a").header("x-a", "b");
        let text = http.send(request).await.map(|answer| answer.text());
        let blobs = of.get::<dyn BlobStore>("blob_store")?;
        let before = blobs.get("seed".to_owned()).await;
        let put = blobs.put("grown".to_owned(), "tall".into()).await;
        let tenants = of.get::<dyn TenantRegistry>("tenant_registry")?;
        let sum = tenants.add("acme".to_owned(), "calls".to_owned(), 2).await;
        let folder = of.get::<dyn TempDir>("tmpdir")?;
        std::fs::write(folder.path().join("note"), "kept")?;
        Ok(json!({
            "text": text.map_err(|error| error.to_string()),
            "before": before.map_err(|error| error.to_string()),
            "put": put.is_ok(),
            "sum": sum.map_err(|error| error.to_string()),
            "time": of.get::<dyn Clock>("clock")?.monotonic_ns(),
            "random": of.get::<dyn Rng>("rng")?.next_u64(),
        }))
    }
}

impl Observed {
    fn current(&self) -> u8 {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells that a call has ended.
struct CancelOnDrop(CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
