//! Bringing all plugins up, in order, and down again, in reverse.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dagstack_plugin::kind::Host;
use dagstack_plugin::{PluginError, Released, SetupContext, secrets};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::adapter::TeardownFailure;
use crate::adapter::in_process::{CpuPool, InProcess};
use crate::adapter::mcp_stdio::{McpStdio, Needs};
use crate::config::ConfigTree;
use crate::descriptor::{Descriptor, Source};
use crate::entry::{Entry, Live, Running};
use crate::error::PluginRegistryError;
use crate::host::TokioHost;
use crate::isolated::{Isolated, Lost};
use crate::registry::Registry;
use crate::status::{Reason, SetupReport, State};
use dagstack_plugin::PluginName;
use dagstack_plugin::suggest;

type Started = (usize, Result<Running, PluginRegistryError>);

impl Registry {
    /// Sets every plugin up that is not: plugins in this process first, then subprocesses; what a
    /// plugin depends on before it; the rest by priority, then by name. Plugins that need nothing
    /// of each other start together.
    ///
    /// One that fails, panics or takes longer than its `startup_timeout_sec` is `unavailable`, and
    /// so is what depends on it; the others go on. Calling it again tries those once more.
    ///
    /// Needs a tokio runtime with its io and time drivers on (`enable_all`).
    pub async fn setup_all(&self) -> SetupReport {
        let _one_at_a_time = self.inner.lifecycle.lock().await;
        let config = ConfigTree::load(&self.inner.config).await;
        let Ok(runtime) = Handle::try_current() else {
            return self.without_runtime();
        };
        let warnings = config
            .as_ref()
            .map(|tree| self.misspelt_sections(tree))
            .unwrap_or_default();
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let pool = CpuPool::new(runtime.clone());
        let host: Arc<dyn Host> = Arc::new(TokioHost::new(runtime, pool.clone()));
        for group in &self.inner.graph.groups {
            self.setup_group(group, &config, &pool, &host).await;
        }
        self.report(warnings)
    }

    fn report(&self, warnings: Vec<String>) -> SetupReport {
        let order = self.inner.graph.groups.iter().flatten();
        SetupReport {
            plugins: order
                .map(|&index| self.inner.entries[index].status())
                .chain(self.inner.broken.iter().cloned())
                .collect(),
            warnings,
        }
    }

    /// Nothing runs outside a tokio runtime.
    fn without_runtime(&self) -> SetupReport {
        let groups = &self.inner.graph.groups;
        for &index in groups.iter().flatten() {
            let entry = &self.inner.entries[index];
            if entry.state() == State::Registered {
                let message = "there is no tokio runtime here; await `setup_all` inside one";
                entry.set(
                    State::Unavailable(Reason::new("plugin_load_error", message)),
                    None,
                );
            }
        }
        self.report(Vec::new())
    }

    async fn setup_group(
        &self,
        group: &[usize],
        config: &Result<ConfigTree, PluginRegistryError>,
        pool: &CpuPool,
        host: &Arc<dyn Host>,
    ) {
        let mut tasks: JoinSet<Started> = JoinSet::new();
        let mut by_task = HashMap::new();
        let mut sections = HashMap::new();
        for &index in group {
            let entry = &self.inner.entries[index];
            let section = match self.may_start(index, config) {
                Ok(Some(section)) => section,
                Ok(None) => continue,
                Err(reason) => {
                    self.finish(index, Err(reason), Value::Null, host);
                    continue;
                }
            };
            sections.insert(index, section.clone());
            // What is left of an instance that failed.
            drop(entry.set(State::Registered, None));
            let descriptor = entry.descriptor.clone();
            let task = match &entry.descriptor.source {
                Source::InProcess(registration) => {
                    let declared = registration.declaration();
                    let given = self.inner.resources.give(
                        &descriptor.name,
                        declared.resources_required.iter().copied(),
                        declared.resources_optional.iter().copied(),
                    );
                    let resources = match given {
                        Ok(resources) => resources,
                        Err(error) => {
                            self.finish(index, Err(error.reason()), Value::Null, host);
                            continue;
                        }
                    };
                    let context =
                        SetupContext::new(section.clone()).with_resources(resources.clone());
                    let mut work = InProcess::start(registration, context);
                    // In order, as far as that can be seen from outside.
                    work.begun().await;
                    let pool = pool.clone();
                    tasks.spawn(async move {
                        let outcome = work.outcome(descriptor.startup_timeout).await;
                        let plugin = in_process_outcome(outcome, &descriptor, &section);
                        (
                            index,
                            plugin.map(|it| {
                                Running::InProcess(InProcess::new(it, pool).keeping(resources))
                            }),
                        )
                    })
                }
                Source::McpStdio(command) => {
                    let command = Arc::clone(command);
                    let resources = Arc::clone(&self.inner.resources);
                    tasks.spawn(async move {
                        let (name, limit) = (&descriptor.name, descriptor.startup_timeout);
                        let needs = Needs {
                            resources: &resources,
                            required: &descriptor.resources,
                        };
                        let adapter = McpStdio::start(name, &command, section, limit, needs).await;
                        (
                            index,
                            adapter.map(|it| Running::Elsewhere(Box::new(it) as Box<_>)),
                        )
                    })
                }
                Source::Never { .. } => continue,
            };
            by_task.insert(task.id(), index);
        }
        while let Some(done) = tasks.join_next_with_id().await {
            match done {
                Ok((_, (index, started))) => {
                    let section = sections.remove(&index).unwrap_or_default();
                    self.finish(index, started.map_err(|e| e.reason()), section, host);
                }
                Err(error) => {
                    if let Some(&index) = by_task.get(&error.id()) {
                        let reason = Reason::new(
                            "plugin_load_error",
                            "starting it panicked; if the tokio runtime was built without `enable_all`, mend that, else please report it",
                        );
                        self.finish(index, Err(reason), Value::Null, host);
                    }
                }
            }
        }
    }

    /// The config section of a plugin that is to be set up now; `None` if it is not to be.
    fn may_start(
        &self,
        index: usize,
        config: &Result<ConfigTree, PluginRegistryError>,
    ) -> Result<Option<Value>, Reason> {
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        match entry.state() {
            State::Registered | State::Unavailable(_) => {}
            _ => return Ok(None),
        }
        if matches!(entry.descriptor.source, Source::Never { .. }) {
            return Ok(None);
        }
        for need in &self.inner.graph.needs[index] {
            let dependency = match need {
                Ok(index) => &self.inner.entries[*index],
                Err(text) => return Err(self.missing(name, text).reason()),
            };
            let state = dependency.state();
            if !state.is_callable() {
                let reason = state
                    .reason()
                    .map_or_else(|| format!("it is {state}"), ToString::to_string);
                let error = PluginRegistryError::DependencyUnavailable {
                    plugin: name.clone(),
                    dependency: dependency.descriptor.name.clone(),
                    reason,
                };
                return Err(error.reason());
            }
        }
        match config {
            Ok(tree) => tree.section(name).map(Some).map_err(|e| e.reason()),
            Err(error) => Err(error.reason()),
        }
    }

    fn missing(&self, plugin: &PluginName, dependency: &str) -> PluginRegistryError {
        let entries = self.inner.entries.iter();
        let names: Vec<String> = entries
            .map(|entry| &entry.descriptor.name)
            .filter(|name| *name != plugin)
            .flat_map(|name| [name.name().to_owned(), name.to_string()])
            .collect();
        PluginRegistryError::DependencyMissing {
            plugin: plugin.clone(),
            dependency: dependency.to_owned(),
            suggestion: suggest(dependency, names.iter().map(String::as_str)).map(str::to_owned),
        }
    }

    fn finish(
        &self,
        index: usize,
        started: Result<Running, Reason>,
        section: Value,
        host: &Arc<dyn Host>,
    ) {
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        match started {
            Ok(running) => {
                tracing::info!(
                    plugin.kind = name.kind(),
                    plugin.name = name.name(),
                    pid = running.adapter().pid(),
                    "plugin ready"
                );
                let lease = Arc::new(entry.lease(Arc::clone(host)));
                entry.set(
                    State::Ready,
                    Some(Arc::new(Live::new(running, lease, section))),
                );
            }
            Err(reason) => {
                tracing::warn!(
                    plugin.kind = name.kind(),
                    plugin.name = name.name(),
                    code = reason.code,
                    "plugin unavailable: {reason}"
                );
                entry.set(State::Unavailable(reason), None);
            }
        }
    }

    /// Sections that look like a plugin's, but are no plugin's.
    fn misspelt_sections(&self, tree: &ConfigTree) -> Vec<String> {
        let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
        // Sorted by kind.
        for entry in &self.inner.entries {
            let name = &entry.descriptor.name;
            match kinds.last_mut() {
                Some((kind, names)) if *kind == name.kind() => names.push(name.name()),
                _ => kinds.push((name.kind(), vec![name.name()])),
            }
        }
        let mut warnings = Vec::new();
        for (kind, names) in kinds {
            for section in tree.names(kind).filter(|it| !names.contains(it)) {
                let guess = suggest(section, names.iter().copied())
                    .map(|name| format!("; did you mean `{kind}.{name}`?"))
                    .unwrap_or_default();
                warnings.push(format!(
                    "the config section `{kind}.{section}` belongs to no plugin{guess}"
                ));
            }
        }
        warnings
    }

    /// Tears every plugin down, in exactly the reverse order of the setup. Afterwards they are
    /// `registered` again; where nothing is left to do, it does nothing.
    ///
    /// New calls are refused at once; those on their way have half of the plugin's
    /// `teardown_timeout_sec` to end. A teardown that takes longer than the limit leaves the
    /// plugin `leaked`; the rest goes on.
    ///
    /// Needs a tokio runtime, as the setup does.
    ///
    /// # Errors
    ///
    /// `TeardownErrors`, with every plugin that failed.
    pub async fn teardown_all(&self) -> Result<(), PluginRegistryError> {
        let _one_at_a_time = self.inner.lifecycle.lock().await;
        let mut errors = Vec::new();
        for &index in self.inner.graph.groups.iter().flatten().rev() {
            let entry = &self.inner.entries[index];
            if let Err(error) = teardown(entry).await {
                tracing::warn!(
                    plugin.kind = entry.descriptor.name.kind(),
                    plugin.name = entry.descriptor.name.name(),
                    code = error.code(),
                    "{error}"
                );
                errors.push((entry.descriptor.name.clone(), error));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(PluginRegistryError::TeardownErrors { errors })
        }
    }
}

/// What a teardown, and the drop behind it, is given at least where its time is used up.
const LEAST: Duration = Duration::from_millis(100);

async fn teardown(entry: &Entry) -> Result<(), PluginRegistryError> {
    // The instance stays where it is until it is down: if this future is dropped half way, the
    // next teardown finds it.
    let Some(live) = entry.live() else {
        return Ok(());
    };
    let (name, limit) = (&entry.descriptor.name, entry.descriptor.teardown_timeout);
    let started = Instant::now();
    let patience = limit / 2;
    if tokio::time::timeout(patience, live.lease.drained())
        .await
        .is_err()
    {
        tracing::warn!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            "calls are still on their way after {patience:?}; tearing down under them"
        );
    }
    let left = || limit.saturating_sub(started.elapsed()).max(LEAST);
    let outcome = live.running.adapter().teardown(left()).await;
    let late = || PluginRegistryError::Timeout {
        plugin: name.clone(),
        operation: "teardown",
        limit,
        setting: "teardown_timeout_sec",
    };
    let (state, outcome) = match outcome {
        Ok(Released::All) => (State::Registered, Ok(())),
        Ok(Released::RequiresRestart) => (State::RequiresRestart, Ok(())),
        Err(TeardownFailure::TimedOut) => (State::Leaked, Err(late())),
        Err(TeardownFailure::Failed(error)) => {
            let error = PluginRegistryError::TeardownFailed {
                plugin: name.clone(),
                // The author's own message may quote the config.
                message: live.config.scrub(&error.to_string()),
            };
            (State::Unavailable(error.reason()), Err(error))
        }
    };
    let instance = (entry.set(state, None), live);
    let outcome = match &entry.descriptor.source {
        Source::InProcess(_) if !dropped(name, instance, left()).await => {
            entry.set(State::Leaked, None);
            outcome.and_then(|()| Err(late()))
        }
        _ => outcome,
    };
    tracing::info!(plugin.kind = name.kind(), plugin.name = name.name(), state = %entry.state(), "plugin torn down");
    outcome
}

/// Drops an instance where it can stall nobody else: its `drop` is the author's code too. `false`
/// if that takes too long.
async fn dropped<T: Send + 'static>(name: &PluginName, instance: T, limit: Duration) -> bool {
    let work = Isolated::start(name.name(), move || Box::pin(async move { drop(instance) }));
    work.outcome(limit).await != Err(Lost::TimedOut)
}

fn in_process_outcome<T>(
    outcome: Result<Result<T, PluginError>, Lost>,
    descriptor: &Descriptor,
    section: &Value,
) -> Result<T, PluginRegistryError> {
    let plugin = descriptor.name.clone();
    let error = match outcome {
        Ok(Ok(ready)) => return Ok(ready),
        Ok(Err(error)) => error,
        Err(Lost::TimedOut) => {
            return Err(PluginRegistryError::Timeout {
                plugin,
                operation: "setup",
                limit: descriptor.startup_timeout,
                setting: "startup_timeout_sec",
            });
        }
        Err(Lost::Panicked) => PluginError::Panicked,
    };
    Err(match error {
        PluginError::ConfigInvalid(invalid) => invalid.into(),
        other => PluginRegistryError::PluginLoadError {
            plugin,
            cause: other.code().to_owned(),
            // The author's own message may quote the config.
            message: secrets::scrub(&other.to_string(), section).into_owned(),
        },
    })
}
