//! [`Processes`]: what a host says about processes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dagstack_client::StdioCommand;
use dagstack_plugin::PluginName;

use crate::descriptor::{Descriptor, Source};
use crate::process_bound::needs_workers;

/// What a host says about processes.
#[derive(Clone, Debug)]
pub(crate) struct Processes {
    /// Plugins without a manifest.
    pub(super) executables: Vec<(PluginName, StdioCommand)>,
    /// The executables for `process_cpu_bound` hooks of linked plugins.
    pub(super) workers: HashMap<PluginName, StdioCommand>,
    /// How many processes each of them may have.
    pub(super) worker_processes: usize,
    /// How long a plugin in another process waits for a resource.
    pub(super) resource_timeout: Option<Duration>,
}

impl Default for Processes {
    fn default() -> Self {
        Self {
            executables: Vec::new(),
            workers: HashMap::new(),
            worker_processes: std::thread::available_parallelism().map_or(1, usize::from),
            resource_timeout: None,
        }
    }
}

impl Processes {
    /// The plugins without a manifest, of which nothing but a command is known yet.
    pub(crate) fn take_executables(&mut self) -> Vec<Descriptor> {
        let executables = std::mem::take(&mut self.executables).into_iter();
        let source = |command: StdioCommand| Source::McpStdio(Arc::new(command.into()));
        executables
            .map(|(name, command)| Descriptor::unknown(name, source(command)))
            .collect()
    }

    /// Gives each plugin the executable for its long hooks.
    pub(crate) fn hand_out_workers(&mut self, list: &mut [Descriptor]) {
        for descriptor in list {
            let Some(command) = self.workers.remove(&descriptor.name) else {
                continue;
            };
            match descriptor.source {
                Source::InProcess(registration) if needs_workers(registration.declaration()) => {
                    descriptor.worker = Some(Arc::new(command.into()));
                }
                _ => tracing::warn!(
                    plugin.kind = descriptor.name.kind(),
                    plugin.name = descriptor.name.name(),
                    "the plugin is given a worker, but has no `process_cpu_bound` hook in this process"
                ),
            }
        }
        for name in self.workers.keys() {
            tracing::warn!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                "a worker is given for a plugin that is not registered"
            );
        }
    }
}
