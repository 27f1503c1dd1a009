//! Plugins linked into the host: called directly, on the caller's task.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dagstack_engine::Access;
use dagstack_engine::call::{self, CallFuture, Target};
use dagstack_engine::{Adapter, TeardownFailure};
use dagstack_plugin::giving_up::given_up;
use dagstack_plugin::kind::{Host, Lease};
use dagstack_plugin::manifest::ExecutionModel;
use dagstack_plugin::panics;
use dagstack_plugin::resources::ResourceSet;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::{
    Args, BoxFuture, Declaration, ErasedPlugin, Health, HookContext, HookError, PluginError,
    Registration, Released, SetupContext, code,
};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::executor::{self, JoinError, JoinHandle};
use crate::host::TokioHost;
use crate::mcp_stdio::workers::WorkerPool;

/// A plugin in the host's own process.
pub(crate) struct InProcess {
    /// `None` only while it is dropped.
    plugin: Option<Arc<dyn ErasedPlugin>>,
    host: TokioHost,
    /// Where `process_cpu_bound` hooks run.
    workers: Option<Arc<WorkerPool>>,
    /// Whether any hook is to run off the caller's thread.
    off_thread: bool,
    /// Read by health checks on their way: one that blocks may outlive whoever asked.
    checks: Arc<RwLock<()>>,
    /// What was made for this plugin lasts as long as it does.
    _resources: ResourceSet,
}

/// A health check on its way. It lets the plugin go before anybody learns that it is over.
struct Check {
    plugin: Arc<dyn ErasedPlugin>,
    _on_its_way: OwnedRwLockReadGuard<()>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plugin.fmt(f)
    }
}

impl InProcess {
    /// Sets a plugin up. Its own code runs on a thread of its own until it is done.
    pub(crate) fn start(
        registration: &'static Registration,
        context: SetupContext,
    ) -> JoinHandle<Result<Box<dyn ErasedPlugin>, PluginError>> {
        executor::spawn(move || dagstack_engine::setup(registration, context))
    }

    /// The adapter of a plugin that is set up.
    pub(crate) fn new(
        plugin: Box<dyn ErasedPlugin>,
        host: TokioHost,
        workers: Option<Arc<WorkerPool>>,
    ) -> Self {
        let hooks = plugin.erased_declaration().hooks;
        let off_thread = hooks
            .iter()
            .any(|hook| hook.runs_as() == ExecutionModel::ThreadCpuBound);
        Self {
            plugin: Some(Arc::from(plugin)),
            host,
            off_thread: off_thread || workers.is_some(),
            workers,
            checks: Arc::default(),
            _resources: ResourceSet::new(),
        }
    }

    /// Keeps the resources the plugin was given until it is gone.
    pub(crate) fn keeping(mut self, resources: ResourceSet) -> Self {
        self._resources = resources;
        self
    }

    /// A health check; `None` where the plugin is gone, or just being dropped.
    fn check(&self) -> Option<Check> {
        Some(Check {
            plugin: Arc::clone(self.plugin.as_ref()?),
            _on_its_way: Arc::clone(&self.checks).try_read_owned().ok()?,
        })
    }

    /// Completes when no health check of the plugin is on its way any more.
    pub(crate) async fn checks_are_over(&self) {
        drop(self.checks.write().await);
    }

    /// Where `process_cpu_bound` hooks run.
    pub(crate) fn workers(&self) -> Option<&Arc<WorkerPool>> {
        self.workers.as_ref()
    }

    /// The plugin itself, to find out later whether it is gone.
    pub(crate) fn value(&self) -> Option<&Arc<dyn ErasedPlugin>> {
        self.plugin.as_ref()
    }

    /// The plugin as its kind's trait.
    pub(crate) fn native(&self, lease: &Arc<Lease>) -> Option<Arc<dyn Any + Send + Sync>> {
        let plugin = Arc::clone(self.plugin.as_ref()?);
        plugin.erased_native(Arc::clone(lease))
    }

    /// What a name calls, and whether that may look at the context of the call.
    #[inline]
    pub(crate) fn find(&self, hook: &str, access: Access) -> Result<(Target, bool), HookError> {
        let declaration = self.plugin()?.erased_declaration();
        let target = Target::find(declaration, hook, access)?;
        Ok((target, target.takes_context(declaration)))
    }

    /// Starts a call on the caller's task. The only box is the hook's own future.
    #[inline]
    pub(crate) fn begin<'a>(
        &'a self,
        target: Target,
        ctx: &'a HookContext,
        args: &'a mut Value,
    ) -> Result<CallFuture<'a>, HookError> {
        call::start(&**self.plugin()?, target, ctx, Args::Value(args))
    }

    /// Whether a call is to be made by [`call_off_thread`](Self::call_off_thread).
    #[inline]
    pub(crate) fn runs_off_thread(&self, hook: &str) -> bool {
        self.off_thread
            && match self.execution_model(hook) {
                Some(ExecutionModel::ThreadCpuBound) => true,
                Some(ExecutionModel::ProcessCpuBound) => self.workers.is_some(),
                _ => false,
            }
    }

    fn execution_model(&self, hook: &str) -> Option<ExecutionModel> {
        let (_, hook) = self.declaration()?.hook(hook)?;
        Some(hook.runs_as())
    }

    fn declaration(&self) -> Option<&'static Declaration> {
        Some(self.plugin.as_ref()?.erased_declaration())
    }

    /// The names of the hooks that are exposed.
    pub(crate) fn exposed(&self) -> impl Iterator<Item = &'static str> {
        let declaration = self.declaration().into_iter();
        declaration.flat_map(|it| it.exposed().map(|(_, hook)| hook.name))
    }

    #[inline]
    fn plugin(&self) -> Result<&Arc<dyn ErasedPlugin>, HookError> {
        self.plugin
            .as_ref()
            .ok_or_else(|| HookError::new(code::UNAVAILABLE, "the plugin is gone"))
    }

    /// Runs a call on a thread of the pool, or in a worker process. On a thread the hook cannot be
    /// interrupted: `running` is dropped when it has ended, whether or not anybody still waits for
    /// it.
    pub(crate) async fn call_off_thread(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
        access: Access,
        running: impl Send + 'static,
    ) -> Result<Value, HookError> {
        if let Some(workers) = &self.workers
            && self.execution_model(hook) == Some(ExecutionModel::ProcessCpuBound)
        {
            given_up(ctx)?;
            let outcome = workers.run(hook, ctx, args).await;
            drop(running);
            return outcome;
        }
        let plugin = Arc::clone(self.plugin()?);
        let name = hook.to_owned();
        let job = move |ctx: HookContext| -> BoxFuture<'static, _> {
            Box::pin(async move {
                let called = call::call_as(access, &*plugin, &name, &ctx, Args::Value(&mut args));
                called.await?.into_value()
            })
        };
        let host: &dyn Host = &self.host;
        host.off_thread(hook.to_owned(), ctx.clone(), running, job)
            .await
    }
}

impl Adapter for InProcess {
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            let Some(check) = self.check() else {
                return Health::unhealthy("the plugin is gone");
            };
            // A check may block, too, and its caller need not be on a runtime.
            let runtime = Handle::try_current().unwrap_or_else(|_| self.host.runtime().clone());
            let work = executor::spawn_on(runtime, move || {
                Box::pin(async move {
                    // All of it, and not its plugin alone.
                    let check = check;
                    check.plugin.erased_health().await
                })
            });
            work.finished()
                .await
                .unwrap_or_else(|_| Health::unhealthy("the health check panicked"))
        })
    }

    fn config_schema(&self) -> Option<Schema> {
        config_schema(self.declaration()?)
    }

    fn teardown(&self, limit: Duration) -> BoxFuture<'_, Result<Released, TeardownFailure>> {
        Box::pin(async move {
            let Some(plugin) = self.plugin.clone() else {
                return Ok(Released::All);
            };
            let teardown = async move { dagstack_engine::teardown(&*plugin).await };
            let work = executor::spawn(move || Box::pin(teardown));
            match work.outcome(limit).await {
                Ok(released) => released.map_err(TeardownFailure::Failed),
                Err(JoinError::TimedOut) => Err(TeardownFailure::TimedOut),
                Err(JoinError::Panicked) => Err(TeardownFailure::Failed(PluginError::Panicked)),
            }
        })
    }
}

/// The schema of a plugin's config: the author's code, which may panic.
pub(crate) fn config_schema(declaration: &Declaration) -> Option<Schema> {
    panics::catch(declaration.config_schema).ok()
}

impl Drop for InProcess {
    fn drop(&mut self) {
        // The author's `drop` may panic, and must not take the host with it.
        let plugin = self.plugin.take();
        let host: &dyn Host = &self.host;
        host.within(|| {
            let _ = panics::catch(move || drop(plugin));
        });
    }
}
