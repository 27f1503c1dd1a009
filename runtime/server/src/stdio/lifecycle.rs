//! The plugin's instance set up, told of its config's changes, and torn down.

use std::future::ready;
use std::sync::Arc;

use serde_json::Value;

use super::instance::SetupFailure;
use super::server::{Hosted, Job, Server};
use super::{executor, pool, secrets};
use dagstack_engine::feed::{Coverage, SectionFeed};
use dagstack_engine::panics::{self, CatchPanic};
use dagstack_engine::wire::{CONFIG_CHANGED, Object};
use dagstack_engine::{task, teardown};
use dagstack_plugin_core::context::{Metadata, SetupContext};
use dagstack_plugin_core::error::{PluginError, code};
use dagstack_plugin_core::future::BoxFuture;
use dagstack_plugin_core::health::Released;
use dagstack_plugin_core::plugin::ErasedPlugin;
use dagstack_plugin_core::resources::ResourceSet;
use dagstack_plugin_core::sync::lock;

/// What a plugin is set up with.
pub(super) struct Setup {
    /// Absent: what the command line and the environment say.
    pub(super) config: Option<Value>,
    pub(super) metadata: Metadata,
    /// Absent: nobody tells of changes; files and variables are read once.
    pub(super) coverage: Option<Coverage>,
    /// Absent: what the executable brings.
    pub(super) resources: Option<ResourceSet>,
}

impl Setup {
    /// Without a host of ours.
    fn alone() -> Self {
        Self {
            config: None,
            metadata: Metadata::new(),
            coverage: None,
            resources: None,
        }
    }
}

/// Sets a plugin up. Its instance's phase is "setting up" already.
pub(super) fn set_up(server: &Arc<Server>, plugin: &Arc<Hosted>, setup: Setup) {
    if setup.config.is_none()
        && let Some(problem) = &plugin.config.problem
    {
        let failure = SetupFailure::new(code::CONFIG_INVALID, problem.as_str());
        return end_setup(server, plugin, Err(failure));
    }
    let (plugin, begun) = (Arc::clone(plugin), Arc::clone(plugin));
    let is_alone = setup.resources.is_none();
    // Schemas are the author's code, too.
    let setup = CatchPanic::new(Box::pin(async move { begin(&begun, setup).await }));
    executor::run(server, Box::pin(setup), move |server, outcome, _| {
        let outcome = outcome.unwrap_or(Err(PluginError::Panicked));
        if let Err(error) = &outcome {
            replace_feed(&plugin, None);
            drop(take_brought(&plugin));
            if is_alone {
                // Clients may not show what they are answered.
                let (name, error) = (plugin.declaration.key(), secrets::scrub(error.to_string()));
                tracing::error!("`{name}` could not be set up: {error}");
            }
        }
        end_setup(server, &plugin, outcome.map_err(SetupFailure::from));
    });
}

/// The same without a host of ours, as a job.
pub(super) fn set_up_alone(plugin: &Arc<Hosted>) -> Job {
    let plugin = Arc::clone(plugin);
    Job::new(move |server, _| set_up(server, &plugin, Setup::alone()))
}

/// What the author's code is given, and its setup.
fn begin(plugin: &Hosted, setup: Setup) -> dagstack_plugin_core::registration::Setup {
    let declaration = plugin.declaration;
    let config = setup.config.unwrap_or_else(|| plugin.config.section());
    let coverage = setup.coverage.unwrap_or_else(|| Coverage::NoWatch {
        source_ids: plugin.config.source_ids.clone(),
    });
    secrets::learn(declaration, &config);
    let feed = SectionFeed::new(declaration.key(), config.clone(), coverage);
    replace_feed(plugin, Some(feed.clone()));
    let made = setup.resources.map_or_else(|| plugin.resources.make(), Ok);
    let resources = match made {
        Ok(resources) => resources,
        Err(error) => return Box::pin(ready(Err(error))),
    };
    *lock(&plugin.brought) = resources.clone();
    let context = SetupContext::new(config)
        .with_metadata(setup.metadata)
        .with_scope(plugin.log_view.scope_of_session(&plugin.scope))
        .with_resources(resources)
        .with_config_feed(feed);
    dagstack_engine::setup(&plugin.registration, context)
}

/// Ends a setup: calls and teardowns that waited for it go on.
pub(super) fn end_setup(
    server: &Arc<Server>,
    plugin: &Hosted,
    outcome: Result<Box<dyn ErasedPlugin>, SetupFailure>,
) {
    plugin.instance.finish(outcome, |calls| {
        let jobs = calls.into_iter().map(|(call, admitted)| call(admitted));
        pool::submit_all(server, jobs);
    });
}

/// A plugin that is being torn down.
pub(super) type Teardown = BoxFuture<'static, Result<Released, PluginError>>;

/// Takes the instance out of service, if there is one. What is returned tears it down.
pub(super) fn take_down(plugin: &Hosted) -> Option<Teardown> {
    let instance = plugin.instance.take()?;
    replace_feed(plugin, None);
    Some(tear_down(instance, take_brought(plugin)))
}

/// The resources of the instance, which go with it: a temporary folder does when it is dropped.
fn take_brought(plugin: &Hosted) -> ResourceSet {
    std::mem::take(&mut lock(&plugin.brought))
}

/// Tears a plugin down, and drops it unless calls still hold it; then its resources.
pub(super) fn tear_down(plugin: Arc<dyn ErasedPlugin>, resources: ResourceSet) -> Teardown {
    Box::pin(async move {
        let outcome = teardown(&*plugin).await;
        // The author's `drop` may panic, too, and must not cost the answer.
        match panics::catch(move || drop((plugin, resources))) {
            Ok(()) => outcome,
            Err(_) => Err(PluginError::Panicked),
        }
    })
}

/// Waits for a teardown that nobody asked for; that it failed is logged.
pub(super) fn finish(teardown: Teardown) {
    if let Err(error) = task::block_on(teardown) {
        let error = secrets::scrub(error.to_string());
        tracing::error!("the teardown failed: {error}");
    }
}

/// Ends the subscriptions of the instance before, if there was one.
fn replace_feed(plugin: &Hosted, feed: Option<SectionFeed>) {
    let old = std::mem::replace(&mut *lock(&plugin.feed), feed);
    if let Some(old) = old {
        old.close();
    }
}

/// How many subscriptions to config changes the instance has.
pub(super) fn subscriptions(plugin: &Hosted) -> usize {
    let feed = lock(&plugin.feed);
    feed.as_ref().map_or(0, SectionFeed::subscriptions)
}

/// Takes a new config section to the plugin's subscribers, away from the reading; `then` hears whether
/// they take it.
pub(super) fn config_changed(
    server: &Arc<Server>,
    plugin: &Hosted,
    params: Option<&str>,
    then: impl FnOnce(&Server, Result<(), SetupFailure>) + Send + 'static,
) {
    #[derive(serde::Deserialize)]
    struct Params {
        config: Value,
    }
    let Some(feed) = lock(&plugin.feed).clone() else {
        let failure = SetupFailure::new(code::UNAVAILABLE, "the plugin is not set up");
        return then(server, Err(failure));
    };
    let Some(Ok(Object(Params { config }))) = params.map(serde_json::from_str) else {
        // The error would quote it, and there may be a secret in it.
        let problem = format!("`{CONFIG_CHANGED}` needs `{{\"config\": …}}`");
        tracing::warn!("{problem}; the config stays as it was");
        return then(server, Err(SetupFailure::new("invalid_params", problem)));
    };
    let (shared, declaration) = (Arc::clone(server), plugin.declaration);
    plugin.changes.push(move || {
        let _inside = shared.runtime.enter();
        secrets::learn(declaration, &config);
        // The host has validated the section against the plugin's schema; its types may ask for more.
        let outcome = feed.change_section(config);
        let outcome = outcome.map_err(PluginError::ConfigInvalid);
        then(&shared, outcome.map_err(SetupFailure::from));
    });
}
