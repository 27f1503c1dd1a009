//! What a setup needs processes for.

use std::sync::Arc;

use dagstack_engine::RemoteAdapter;
use dagstack_engine::feed::SectionFeed;
use dagstack_plugin::BoxFuture;

use super::program::Program;
use super::spawner::Spawner;
use super::workers::WorkerPool;
use crate::error::PluginRegistryError;
use crate::host::TokioHost;
use crate::middleware;
use crate::registry::Registry;

impl Registry {
    /// Starts a plugin in a process of its own.
    pub(crate) fn start_process(
        &self,
        index: usize,
        program: &Arc<Program>,
        feed: &SectionFeed,
    ) -> BoxFuture<'static, Result<Box<dyn RemoteAdapter>, PluginRegistryError>> {
        let spawner = self.spawner(index, program, feed);
        Box::pin(async move {
            let adapter = spawner.start().await?;
            middleware::plugin::check_exposed(&spawner.plugin, |hook| adapter.hides(hook))?;
            Ok(Box::new(adapter) as Box<dyn RemoteAdapter>)
        })
    }

    /// The processes for a linked plugin's `process_cpu_bound` hooks, where an executable is known.
    pub(crate) fn workers_of(
        &self,
        index: usize,
        feed: &SectionFeed,
        host: &TokioHost,
    ) -> Option<Arc<WorkerPool>> {
        let program = self.inner.entries[index].descriptor.worker.as_ref()?;
        let spawner = self.spawner(index, program, feed);
        let size = self.inner.lifecycle.options.processes.worker_processes;
        let runtime = host.runtime().clone();
        Some(Arc::new(WorkerPool::new(spawner, runtime, size)))
    }

    fn spawner(&self, index: usize, program: &Arc<Program>, feed: &SectionFeed) -> Spawner {
        Spawner {
            plugin: Arc::clone(&self.inner.entries[index].descriptor),
            program: Arc::clone(program),
            feed: feed.clone(),
            resources: Arc::clone(&self.inner.resources),
            resource_timeout: self.inner.lifecycle.options.processes.resource_timeout,
        }
    }
}
