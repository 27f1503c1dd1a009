//! Bringing all plugins up, in order.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;

use dagstack_engine::Reason;
use dagstack_engine::feed::SectionFeed;
use dagstack_engine::panics::CatchPanic;
use dagstack_plugin::kind::Caller;
use dagstack_plugin::{BoxFuture, PluginError, PluginName, SetupContext, suggest};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};

use super::report::SetupReport;
use crate::config::ConfigTree;
use crate::config::section::Section;
use crate::descriptor::{Descriptor, Source};
use crate::entry::Phase;
use crate::error::PluginRegistryError;
use crate::executor;
use crate::host::TokioHost;
use crate::in_process::InProcess;
use crate::live::{Live, Running};
use crate::registry::Registry;
use crate::status::State;

/// A plugin on its way up.
pub(super) type Starting = BoxFuture<'static, Result<Running, PluginRegistryError>>;

impl Registry {
    /// Sets every plugin up that is not: plugins in this process first, then subprocesses; what a
    /// plugin depends on before it; the rest by priority, then by name. Plugins that need nothing
    /// of each other start together.
    ///
    /// One that fails, panics or takes longer than its `startup_timeout_sec` is `unavailable`, and
    /// so is what depends on it; the others go on. Calling it again tries those once more. It also
    /// starts the health checks in the background
    /// ([`health_interval`](crate::RegistryBuilder::health_interval)).
    ///
    /// Setups that await something share a few threads of the registry's own; one that blocks holds
    /// up nobody else.
    ///
    /// Needs a tokio runtime with its io and time drivers on (`enable_all`).
    pub async fn setup_all(&self) -> SetupReport {
        let _turn = self.inner.lifecycle.turn().await;
        let config = self.inner.config_for_setup().await;
        let Ok(runtime) = Handle::try_current() else {
            return self.without_runtime();
        };
        self.inner.follow_config();
        let entries = self.inner.entries.iter();
        let names = entries.map(|entry| &entry.descriptor.name);
        let warnings = config
            .as_ref()
            .map(|tree| tree.misspelt(names))
            .unwrap_or_default();
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        self.finish_teardowns().await;
        let host = self.inner.lifecycle.host(runtime);
        for group in &self.inner.graph.groups {
            self.setup_group(group, &config, &host).await;
        }
        self.watch_health();
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
                entry.enter(Phase::Down(Reason::new("plugin_load_error", message)));
            }
        }
        self.report(Vec::new())
    }

    async fn setup_group(
        &self,
        group: &[usize],
        config: &Result<Arc<ConfigTree>, PluginRegistryError>,
        host: &TokioHost,
    ) {
        let mut tasks = JoinSet::new();
        let mut indices = HashMap::new();
        for &index in group {
            let entry = &self.inner.entries[index];
            let section = match self.may_start(index, config) {
                Ok(Some(section)) => section,
                Ok(None) => continue,
                Err(reason) => {
                    self.fail(index, reason);
                    continue;
                }
            };
            // What is left of an instance that failed.
            drop(entry.enter(Phase::Registered));
            let feed = self.inner.config.feed(&entry.descriptor.name, section);
            let Some(starting) = self.start(index, &feed, host) else {
                continue;
            };
            let task = tasks.spawn(async move { (starting.await, feed) });
            indices.insert(task.id(), index);
        }
        while let Some(done) = tasks.join_next_with_id().await {
            let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            let Some(&index) = indices.get(&id) else {
                continue;
            };
            match done {
                Ok((_, (Ok(running), feed))) => {
                    self.publish(index, running, feed, host, false);
                }
                Ok((_, (Err(error), _))) => self.fail(index, error.reason()),
                Err(_) => {
                    let message = "the tokio runtime ended before the plugin was set up";
                    self.fail(index, Reason::new("plugin_load_error", message));
                }
            }
        }
    }

    /// Starts a plugin whose turn it is; `None` for one that cannot run here. Its own code begins
    /// before the future is polled, so that plugins begin in the order of these calls.
    ///
    /// Subscriptions to `feed` end with a start that fails.
    pub(super) fn start(
        &self,
        index: usize,
        feed: &SectionFeed,
        host: &TokioHost,
    ) -> Option<Starting> {
        let entry = &self.inner.entries[index];
        let section = feed.section();
        let subscriptions = Subscriptions(Some(feed.clone()));
        let starting: Starting = match &entry.descriptor.source {
            Source::InProcess(registration) => {
                let declared = registration.declaration();
                let given = self.inner.resources.give(
                    &entry.descriptor.name,
                    declared.resources_required.iter().copied(),
                    declared.resources_optional.iter().copied(),
                );
                let resources = match given {
                    Ok(resources) => resources,
                    Err(error) => return Some(Box::pin(ready(Err(error)))),
                };
                let context = SetupContext::new((*section).clone())
                    .with_scope(entry.descriptor.scope())
                    .with_registry(self.peers_of(index))
                    .with_resources(resources.clone())
                    .with_config_feed(feed.clone());
                let work = InProcess::start(registration, context);
                let workers = self.workers_of(index, feed, host);
                let (descriptor, host) = (Arc::clone(&entry.descriptor), host.clone());
                Box::pin(async move {
                    let outcome = work.outcome(descriptor.startup_timeout).await;
                    let plugin = in_process_outcome(outcome, &descriptor, &section)?;
                    let adapter = InProcess::new(plugin, host, workers);
                    Ok(Running::InProcess(adapter.keeping(resources)))
                })
            }
            Source::McpStdio(program) => {
                let process = self.start_process(index, program, feed);
                Box::pin(async move { Ok(Running::Elsewhere(process.await?)) })
            }
            Source::Never { .. } => return None,
        };
        let plugin = entry.descriptor.name.clone();
        Some(Box::pin(async move {
            // The plugin's own code panics elsewhere.
            let started = CatchPanic::new(starting).await;
            let running = started.unwrap_or_else(|_| {
                Err(PluginRegistryError::PluginLoadError {
                    plugin,
                    cause: "panicked".to_owned(),
                    message: "starting it panicked; if the tokio runtime was built without `enable_all`, mend that, else please report it".to_owned(),
                })
            })?;
            subscriptions.keep();
            Ok(running)
        }))
    }

    /// The config section of a plugin that is to be set up now; `None` if it is not to be.
    fn may_start(
        &self,
        index: usize,
        config: &Result<Arc<ConfigTree>, PluginRegistryError>,
    ) -> Result<Option<Value>, Reason> {
        let entry = &self.inner.entries[index];
        let is_process = matches!(entry.descriptor.source, Source::McpStdio(_));
        match entry.state() {
            // Its instance is there; health checks decide when it is called again.
            State::Unavailable(_) if entry.is_suspended() => return Ok(None),
            State::Registered | State::Unavailable(_) => {}
            // A new process has nothing to do with what the old one held.
            State::Leaked | State::RequiresRestart if is_process => {}
            _ => return Ok(None),
        }
        if matches!(entry.descriptor.source, Source::Never { .. }) {
            return Ok(None);
        }
        self.dependencies_are_ready(index).map_err(|e| e.reason())?;
        match config {
            Ok(tree) => {
                let section = tree.section(&entry.descriptor.name);
                section.map(Some).map_err(|e| e.reason())
            }
            Err(error) => Err(error.reason()),
        }
    }

    /// That everything a plugin depends on can be called.
    pub(super) fn dependencies_are_ready(&self, index: usize) -> Result<(), PluginRegistryError> {
        let name = &self.inner.entries[index].descriptor.name;
        for need in &self.inner.graph.needs[index] {
            let dependency = match need {
                Ok(index) => &self.inner.entries[*index],
                Err(text) => return Err(self.missing(name, text)),
            };
            let state = dependency.state();
            if !state.is_callable() {
                let reason = state
                    .reason()
                    .map_or_else(|| format!("it is {state}"), ToString::to_string);
                return Err(PluginRegistryError::DependencyUnavailable {
                    plugin: name.clone(),
                    dependency: dependency.descriptor.name.clone(),
                    reason,
                });
            }
        }
        Ok(())
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

    /// Makes a plugin that is up the instance of the moment.
    pub(super) fn publish(
        &self,
        index: usize,
        running: Running,
        feed: SectionFeed,
        host: &TokioHost,
        restarted: bool,
    ) -> Arc<Live> {
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        tracing::info!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            pid = running.adapter().pid(),
            restarted,
            "plugin ready"
        );
        let schema = running.adapter().config_schema().unwrap_or_default();
        let config = Arc::new(Section::new(schema, feed));
        let mut lease = entry.lease(host, &config);
        if let Running::InProcess(plugin) = &running
            && let Some(workers) = plugin.workers()
        {
            lease = lease.with_workers(Arc::clone(workers) as Arc<dyn Caller>);
        }
        let since = entry.since(restarted);
        let live = Arc::new(Live::new(running, Arc::new(lease), config, since));
        entry.publish(Arc::clone(&live), restarted);
        if !restarted {
            self.supervise(index, &live);
        }
        live
    }

    /// Records that a plugin could not be brought up.
    pub(super) fn fail(&self, index: usize, reason: Reason) {
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        tracing::warn!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            code = reason.code,
            "plugin unavailable: {reason}"
        );
        drop(entry.enter(Phase::Down(reason)));
    }
}

/// Ends the subscriptions of a plugin that does not come up, though its setup may go on somewhere.
struct Subscriptions(Option<SectionFeed>);

impl Subscriptions {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        if let Some(feed) = &self.0 {
            feed.close();
        }
    }
}

fn in_process_outcome<T>(
    outcome: Result<Result<T, PluginError>, executor::JoinError>,
    descriptor: &Descriptor,
    section: &Value,
) -> Result<T, PluginRegistryError> {
    let plugin = descriptor.name.clone();
    let error = match outcome {
        Ok(Ok(ready)) => return Ok(ready),
        Ok(Err(error)) => error,
        Err(executor::JoinError::TimedOut) => {
            return Err(PluginRegistryError::Timeout {
                plugin,
                operation: "setup",
                limit: descriptor.startup_timeout,
                setting: "startup_timeout_sec",
            });
        }
        Err(executor::JoinError::Panicked) => PluginError::Panicked,
    };
    Err(match error.config_invalid() {
        Some(invalid) => invalid.clone().into(),
        None => PluginRegistryError::PluginLoadError {
            plugin,
            cause: error.code().to_owned(),
            // The author's own message may quote the config.
            message: dagstack_engine::secrets::scrub(&error.to_string(), section).into_owned(),
        },
    })
}
