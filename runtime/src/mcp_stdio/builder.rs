//! What a [`RegistryBuilder`] is told of processes.

use std::sync::Arc;
use std::time::Duration;

use dagstack_client::StdioCommand;
use dagstack_plugin::PluginName;

use crate::builder::RegistryBuilder;

/// What the feature `mcp-stdio` adds.
impl RegistryBuilder {
    /// Adds an executable without a manifest of its own: any MCP server on standard streams. A
    /// dagstack plugin says the rest itself when it runs.
    ///
    /// ```
    /// use dagstack_runtime::{Registry, StdioCommand};
    ///
    /// let builder = Registry::builder()
    ///     .executable("tool", "echo", StdioCommand::new(["./echo"]).env("LANG", "C"));
    /// ```
    pub fn executable(
        mut self,
        kind: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
        command: impl Into<StdioCommand>,
    ) -> Self {
        self.lifecycle
            .processes
            .executables
            .push((PluginName::new(kind, name), command.into()));
        self
    }

    /// The executable that runs the `process_cpu_bound` hooks of a linked plugin: the plugin's own,
    /// built from the same source. The `command` of its manifest is used without asking.
    ///
    /// Up to [`worker_processes`](Self::worker_processes) children are started when calls need them,
    /// each with the plugin's config, each with one call at a time. One that crashes fails the call
    /// it had with `transport`; one whose caller gives up is killed. None outlives the teardown.
    ///
    /// ```
    /// use dagstack_runtime::Registry;
    ///
    /// let builder = Registry::builder().linked().worker("chunker", "fixed", "./fixed-chunker");
    /// ```
    pub fn worker(
        mut self,
        kind: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
        command: impl Into<StdioCommand>,
    ) -> Self {
        let name = PluginName::new(kind, name);
        let processes = &mut self.lifecycle.processes;
        processes.workers.insert(name, command.into());
        self
    }

    /// How many worker processes a plugin may have: as many as there are cores unless set, at least
    /// one.
    pub fn worker_processes(mut self, most: usize) -> Self {
        self.lifecycle.processes.worker_processes = most.max(1);
        self
    }

    /// Limits how long a plugin in another process waits for a resource; without it, 30 seconds. In
    /// this process only the deadline of the plugin's own call limits it.
    pub fn resource_timeout(mut self, limit: Duration) -> Self {
        self.lifecycle.processes.resource_timeout = Some(limit);
        self
    }
}
