//! [`WorkerPool`]: the processes that run the `process_cpu_bound` hooks of a linked plugin.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dagstack_client::McpStdio;
use dagstack_engine::{Adapter, RemoteAdapter};
use dagstack_plugin::kind::Caller;
use dagstack_plugin::sync::lock;
use dagstack_plugin::{BoxFuture, HookContext, HookError, PluginName, code};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::spawner::Spawner;

/// A pool of children of one executable, each with the plugin's config, each with one call at a time.
///
/// A worker is started by the first call that finds none free, so that a plugin whose long hooks are
/// never called costs no process. One that crashes fails the call it had; the next call gets
/// another. One whose caller gives up is killed: that is what a process is good for.
pub(crate) struct WorkerPool {
    spawner: Arc<Spawner>,
    /// The runtime that the host was set up on: a caller need not be on any.
    runtime: Handle,
    permits: Semaphore,
    /// Those that wait for a call; `None` once the pool is closed.
    idle: Mutex<Option<Vec<McpStdio>>>,
}

impl fmt::Debug for WorkerPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workers of {:?}", self.spawner)
    }
}

impl WorkerPool {
    /// A pool of at most `size` children; none is started yet.
    pub(super) fn new(spawner: Spawner, runtime: Handle, size: usize) -> Self {
        Self {
            spawner: Arc::new(spawner),
            runtime,
            permits: Semaphore::new(size.max(1)),
            idle: Mutex::new(Some(Vec::new())),
        }
    }

    /// Runs a call in a worker.
    ///
    /// # Errors
    ///
    /// Those of the hook, of which the worker has kept its secrets; `transport` where the worker did not
    /// survive it; `unavailable` where none can be started, and once the pool is closed.
    pub(crate) async fn run(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, HookError> {
        let _permit = self.permits.acquire().await.map_err(|_| self.closed())?;
        let worker = match self.take()? {
            Some(worker) => worker,
            None => self.start().await?,
        };
        // Until the call is over the worker belongs to it: dropped with it, it is killed.
        let outcome = worker.call(hook, ctx, args).await;
        if worker.failure().is_none() {
            self.put_back(worker);
        }
        // What it says of the caller's own input must not be searched here either.
        outcome.map_err(HookError::as_clean)
    }

    fn closed(&self) -> HookError {
        let text = format!("the workers of `{}` are torn down", self.plugin());
        HookError::new(code::UNAVAILABLE, text)
    }

    /// A worker that is free; `None` where one has to be started.
    fn take(&self) -> Result<Option<McpStdio>, HookError> {
        let mut idle = lock(&self.idle);
        let idle = idle.as_mut().ok_or_else(|| self.closed())?;
        // A worker may have ended while it was idle.
        idle.retain(|worker| worker.failure().is_none());
        Ok(idle.pop())
    }

    fn put_back(&self, worker: McpStdio) {
        let mut idle = lock(&self.idle);
        if let Some(idle) = idle.as_mut() {
            idle.push(worker);
        }
    }

    async fn start(&self) -> Result<McpStdio, HookError> {
        let spawner = Arc::clone(&self.spawner);
        let mut starting = JoinSet::new();
        starting.spawn_on(async move { spawner.start().await }, &self.runtime);
        match starting.join_next().await {
            Some(Ok(started)) => Ok(started?),
            Some(Err(error)) if error.is_panic() => Err(HookError::new(
                code::UNAVAILABLE,
                format!(
                    "a worker of `{}` could not be started: its start panicked",
                    self.plugin()
                ),
            )),
            _ => Err(HookError::new(
                code::UNAVAILABLE,
                format!(
                    "a worker of `{}` could not be started: the host is shutting down",
                    self.plugin()
                ),
            )),
        }
    }

    /// Lets no more calls in and ends the children, each within `limit` for its own part. One that
    /// is still busy is killed by the end of its call.
    pub(crate) async fn close(&self, limit: Duration) {
        self.permits.close();
        let idle = lock(&self.idle).take();
        let mut ending = JoinSet::new();
        for worker in idle.into_iter().flatten() {
            ending.spawn(async move {
                if let Err(failure) = worker.teardown(limit).await {
                    tracing::warn!(worker = ?worker, "a worker could not be torn down: {failure:?}");
                }
            });
        }
        while ending.join_next().await.is_some() {}
    }
}

impl Caller for WorkerPool {
    fn plugin(&self) -> &PluginName {
        &self.spawner.plugin.name
    }

    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        Box::pin(self.run(hook, ctx, args))
    }
}
