//! The plugin's instance set up, told of its config's changes, and torn down.

use std::sync::Arc;

use serde_json::Value;

use super::instance::SetupFailure;
use super::server::Server;
use super::{executor, pool, resources, secrets};
use dagstack_engine::feed::{Coverage, SectionFeed, failed_paths};
use dagstack_engine::panics::{self, CatchPanic};
use dagstack_engine::wire::{CONFIG_CHANGED, Object};
use dagstack_engine::{task, teardown};
use dagstack_plugin_core::context::{Metadata, SetupContext};
use dagstack_plugin_core::error::PluginError;
use dagstack_plugin_core::future::BoxFuture;
use dagstack_plugin_core::health::Released;
use dagstack_plugin_core::plugin::ErasedPlugin;
use dagstack_plugin_core::resources::ResourceSet;
use dagstack_plugin_core::sync::lock;

/// What a plugin is set up with.
pub(super) struct Setup {
    /// Absent: what the command line gave, or an empty one.
    pub(super) config: Option<Value>,
    pub(super) metadata: Metadata,
    /// Absent: nobody tells of changes; the file of `--config` is read once.
    pub(super) coverage: Option<Coverage>,
    pub(super) resources: ResourceSet,
}

impl Setup {
    /// Without a host of ours.
    pub(super) fn alone() -> Self {
        Self {
            config: None,
            metadata: Metadata::new(),
            coverage: None,
            resources: resources::alone(),
        }
    }
}

/// Sets the plugin up. The instance's phase is "setting up" already.
pub(super) fn set_up(server: &Arc<Server>, setup: Setup) {
    let shared = Arc::clone(server);
    // Schemas are the author's code, too.
    let setup = CatchPanic::new(Box::pin(async move { begin(&shared, setup).await }));
    executor::run(server, Box::pin(setup), |server, outcome, _| {
        let outcome = outcome.unwrap_or(Err(PluginError::Panicked));
        if outcome.is_err() {
            replace_feed(server, None);
        }
        end_setup(server, outcome.map_err(SetupFailure::from));
    });
}

/// What the author's code is given, and its setup.
fn begin(server: &Server, setup: Setup) -> dagstack_plugin_core::registration::Setup {
    let declaration = server.tools.declaration;
    let config = setup.config.or_else(|| server.config.clone());
    let config = config.unwrap_or(Value::Null);
    let coverage = setup.coverage.unwrap_or_else(|| Coverage::NoWatch {
        source_ids: server
            .config
            .iter()
            .map(|_| "--config".to_owned())
            .collect(),
    });
    secrets::learn(declaration, &config);
    let feed = SectionFeed::new(declaration.key(), config.clone(), coverage);
    replace_feed(server, Some(feed.clone()));
    let context = SetupContext::new(config)
        .with_metadata(setup.metadata)
        .with_scope(server.log_view.scope_of_session(server))
        .with_resources(setup.resources)
        .with_config_feed(feed);
    dagstack_engine::setup(&server.registration, context)
}

/// Ends a setup: calls and teardowns that waited for it go on.
pub(super) fn end_setup(
    server: &Arc<Server>,
    outcome: Result<Box<dyn ErasedPlugin>, SetupFailure>,
) {
    server.instance.finish(outcome, |calls| {
        let jobs = calls.into_iter().map(|(call, admitted)| call(admitted));
        pool::submit_all(server, jobs);
    });
}

/// A plugin that is being torn down.
pub(super) type Teardown = BoxFuture<'static, Result<Released, PluginError>>;

/// Takes the instance out of service, if there is one. What is returned tears it down.
pub(super) fn take_down(server: &Server) -> Option<Teardown> {
    let plugin = server.instance.take()?;
    replace_feed(server, None);
    Some(tear_down(plugin))
}

/// Tears a plugin down, and drops it unless calls still hold it.
pub(super) fn tear_down(plugin: Arc<dyn ErasedPlugin>) -> Teardown {
    Box::pin(async move {
        let outcome = teardown(&*plugin).await;
        // The author's `drop` may panic, too, and must not cost the answer.
        match panics::catch(move || drop(plugin)) {
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
fn replace_feed(server: &Server, feed: Option<SectionFeed>) {
    let old = std::mem::replace(&mut *lock(&server.feed), feed);
    if let Some(old) = old {
        old.close();
    }
}

/// How many subscriptions to config changes the instance has.
pub(super) fn subscriptions(server: &Server) -> usize {
    let feed = lock(&server.feed);
    feed.as_ref().map_or(0, SectionFeed::subscriptions)
}

/// Takes a new config section to the plugin's subscribers, away from the reading.
pub(super) fn config_changed(server: &Arc<Server>, params: Option<&str>) {
    #[derive(serde::Deserialize)]
    struct Params {
        config: Value,
    }
    let Some(feed) = lock(&server.feed).clone() else {
        return;
    };
    let Some(Ok(Object(Params { config }))) = params.map(serde_json::from_str) else {
        // The error would quote it, and there may be a secret in it.
        tracing::warn!("`{CONFIG_CHANGED}` needs `{{\"config\": …}}`; the config stays as it was");
        return;
    };
    let shared = Arc::clone(server);
    server.changes.push(move || {
        let _inside = shared.runtime.enter();
        secrets::learn(shared.tools.declaration, &config);
        apply(&feed, config);
    });
}

/// The host has validated the section against the plugin's schema; its types may ask for more.
fn apply(feed: &SectionFeed, section: Value) {
    match feed.prepare_section(section) {
        Ok(Some(change)) => change.commit().run(),
        Ok(None) => {}
        Err(invalid) => tracing::warn!(
            code = "reload_rejected",
            failed_paths = ?failed_paths(&invalid),
            "reload_rejected: the config stays as it was: {}",
            invalid.to_string().replace("\n  ", "; ")
        ),
    }
}
