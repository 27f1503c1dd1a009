//! From registration to teardown: setup, health, restart, reload, teardown.
//!
//! | here | what it does |
//! |---|---|
//! | [`setup`] | brings all plugins up, in order |
//! | [`health`] | asks all plugins how they are, now and then |
//! | [`restart`] | starts processes again that ended by themselves |
//! | [`reload`] | replaces one plugin by a fresh instance |
//! | [`teardown`] | takes all plugins down, in reverse |
//!
//! Whatever changes which instance a plugin has holds [`Lifecycle::turn`]. Calls never do.

mod health;
mod reload;
mod restart;
mod setup;
mod teardown;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dagstack_plugin::PluginName;
use tokio::runtime::Handle;
use tokio::sync::{MutexGuard, Semaphore};
use tokio::task::AbortHandle;

use crate::adapter::in_process::{self, CpuPool};
use crate::adapter::mcp_stdio::StdioCommand;
use crate::descriptor::{Descriptor, Source};
use crate::host::TokioHost;
use crate::supply_chain::{self, Publishers};

pub use self::reload::PluginRef;
pub use self::restart::RestartPolicy;

/// How often plugins are asked how they are.
const HEALTH_INTERVAL: Duration = Duration::from_secs(30);
/// How long the answer may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

/// What a host says about the life of its plugins.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// `None` for no health checks.
    pub(crate) health_interval: Option<Duration>,
    pub(crate) health_timeout: Duration,
    pub(crate) restart: RestartPolicy,
    /// The executables for `process_cpu_bound` hooks of linked plugins.
    pub(crate) workers: HashMap<PluginName, Arc<StdioCommand>>,
    /// How many processes each of them may have.
    pub(crate) worker_processes: usize,
    /// Overrides what the environment says.
    pub(crate) publishers: Option<Publishers>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            health_interval: Some(HEALTH_INTERVAL),
            health_timeout: HEALTH_TIMEOUT,
            restart: RestartPolicy::default(),
            workers: HashMap::new(),
            worker_processes: cores(),
            publishers: None,
        }
    }
}

impl Options {
    /// Gives each plugin the executable for its long hooks, and says whom it is from.
    pub(crate) fn prepare(&mut self, list: Vec<Descriptor>) -> Vec<Descriptor> {
        let publishers = self.publishers.take().or_else(Publishers::from_env);
        let list = list.into_iter().map(|mut descriptor| {
            if let Some(command) = self.workers.remove(&descriptor.name) {
                match descriptor.source {
                    Source::InProcess(registration)
                        if in_process::needs_workers(registration.declaration()) =>
                    {
                        descriptor.worker = Some(command);
                    }
                    _ => tracing::warn!(
                        plugin.kind = descriptor.name.kind(),
                        plugin.name = descriptor.name.name(),
                        "the plugin is given a worker, but has no `process_cpu_bound` hook in this process"
                    ),
                }
            }
            supply_chain::judge(descriptor, publishers.as_ref())
        });
        let list = list.collect();
        for name in self.workers.keys() {
            tracing::warn!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                "a worker is given for a plugin that is not registered"
            );
        }
        list
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The part of a registry that changes what its plugins are.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    turn: tokio::sync::Mutex<()>,
    pub(crate) options: Options,
    /// For `thread_cpu_bound` hooks.
    permits: Arc<Semaphore>,
    /// The runtime of the last setup.
    runtime: Mutex<Option<Handle>>,
    /// The health checks in the background.
    watch: Mutex<Option<Background>>,
}

impl Lifecycle {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            options,
            permits: CpuPool::permits(),
            runtime: Mutex::default(),
            watch: Mutex::default(),
        }
    }

    /// Waits for its turn to change things: one setup, reload, restart or teardown at a time.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// What plugins in this process get of this runtime.
    fn host(&self, runtime: Handle) -> TokioHost {
        let mut last = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(runtime.clone());
        drop(last);
        let pool = CpuPool::new(runtime.clone(), Arc::clone(&self.permits));
        TokioHost::new(runtime, pool)
    }

    /// The runtime around the caller, or else that of the last setup.
    pub(crate) fn runtime(&self) -> Option<Handle> {
        let last = || {
            let last = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
            last.clone()
        };
        Handle::try_current().ok().or_else(last)
    }

    /// Replaces the health checks in the background.
    fn set_watch(&self, watch: Option<Background>) {
        let mut slot = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = watch;
    }

    fn is_watching(&self) -> bool {
        let slot = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().is_some_and(|it| !it.0.is_finished())
    }
}

/// A task that ends with whoever keeps this.
pub(crate) struct Background(AbortHandle);

impl Background {
    fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}
