//! A change of the configuration: a candidate, its validation for every subscriber, and either one
//! swap or none.

use std::sync::Arc;

use dagstack_engine::check_section as check;
use dagstack_engine::feed::{Notifications, Prepared, SectionFeed, failed_paths};
use dagstack_engine::secrets::scrub;
use dagstack_plugin::config::{CallbackOutcome, ConfigSubscription};
use dagstack_plugin::{ConfigInvalid, PluginName};
use serde_json::Value;
use tokio::runtime::Handle;
use tracing::instrument::WithSubscriber;

use super::ConfigTree;
use crate::background::Background;
use crate::descriptor::Source;
use crate::error::PluginRegistryError;
use crate::in_process::config_schema;
use crate::registry::{Inner, Registry};

/// What a [`Registry::reload_config`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigReload {
    /// The number of the change, counted up from one for each registry.
    pub change_id: u64,
    /// The subscribed paths whose value has changed. Their subscribers are told, or just being told.
    pub changed: Vec<String>,
}

impl Registry {
    /// Loads the configuration again, as a source that reports a change makes the registry do.
    ///
    /// Subscribers whose section has changed are called, soon after this returns. Waits while
    /// plugins are being set up or torn down.
    ///
    /// # Errors
    ///
    /// `ConfigSourceFailed` where a source cannot be loaded, `ReloadRejected` where what it gives
    /// does not fit a subscriber. The configuration stays as it was then.
    pub async fn reload_config(&self) -> Result<ConfigReload, PluginRegistryError> {
        let _turn = self.inner.lifecycle.turn().await;
        self.inner.load_config(None).await
    }

    /// Calls `callback` with the old and the new value at `path` whenever it has changed: a
    /// plugin's section (`chunker.fixed`), or any other dotted path. Where nothing stands, the
    /// value is null.
    ///
    /// A section of a plugin is validated against the plugin's schema before. There is no call with
    /// the current value. The subscription lasts as long as the registry, or until it is
    /// [unsubscribed](ConfigSubscription::unsubscribe).
    ///
    /// Callbacks run one after the other on a thread of their own, plugins' among them, so one that
    /// blocks holds up the others. One that keeps a clone of the registry keeps it alive until it
    /// is unsubscribed.
    pub fn on_section_change<R: CallbackOutcome>(
        &self,
        path: &str,
        mut callback: impl FnMut(&Value, &Value) -> R + Send + 'static,
    ) -> ConfigSubscription {
        let callback = move |old: &Value, new: &Value| {
            callback(old, new).into_result().map_err(|error| {
                let clean = scrub(&error.to_string(), old).into_owned();
                scrub(&clean, new).into_owned()
            })
        };
        let plugin = path
            .split_once('.')
            .map(|(kind, name)| PluginName::new(kind, name));
        let inner = Arc::downgrade(&self.inner);
        let check = move |section: &Value| match (&plugin, inner.upgrade()) {
            (Some(plugin), Some(inner)) => inner.check_section(plugin, section),
            _ => Ok(()),
        };
        self.inner
            .config
            .host_feed(path)
            .subscribe_json(check, callback)
    }
}

/// One change, as the log names it.
struct Change<'a> {
    id: u64,
    source_id: &'a str,
}

impl Change<'_> {
    fn rejected(&self, failed_paths: &[String], reason: &str) {
        let reason = reason.replace("\n  ", "; ");
        tracing::warn!(
            code = "reload_rejected",
            change_id = self.id,
            source_id = self.source_id,
            failed_paths = ?failed_paths,
            "reload_rejected: the configuration stays as it was: {reason}"
        );
    }
}

impl Inner {
    /// Takes up what the sources report from now on, on the runtime of the caller.
    pub(crate) fn follow_config(self: &Arc<Self>) {
        if !self.config.is_watched() {
            return;
        }
        let (signal, inner) = (self.config.signal(), Arc::downgrade(self));
        let follow = async move {
            loop {
                let source = signal.next().await;
                let Some(inner) = inner.upgrade() else { return };
                let _turn = inner.lifecycle.turn().await;
                // A failure is logged.
                let _ = inner.load_config(Some(source)).await;
            }
        };
        self.config
            .follow_by(|| Background::spawn(follow.with_current_subscriber()));
    }

    /// The configuration that plugins are to be set up with now. The caller holds the lifecycle's
    /// turn.
    pub(crate) async fn config_for_setup(&self) -> Result<Arc<ConfigTree>, PluginRegistryError> {
        let candidate = self.config.load().await?;
        let old = self.config.tree();
        let change = Change {
            id: self.config.next_change(),
            source_id: "setup",
        };
        match (self.adopt(Arc::new(candidate), &change), old) {
            // What runs already has subscribers that refuse the new one.
            (Err(_), Some(old)) => Ok(old),
            (Err(error), None) => Err(error),
            (Ok(_), _) => Ok(self.config.tree().unwrap_or_default()),
        }
    }

    /// Loads all sources and takes over what they give. The caller has the lifecycle's turn.
    async fn load_config(
        &self,
        source: Option<usize>,
    ) -> Result<ConfigReload, PluginRegistryError> {
        let change = Change {
            id: self.config.next_change(),
            source_id: source.map_or("reload_config", |index| self.config.source_id(index)),
        };
        match self.config.load().await {
            Ok(candidate) => self.adopt(Arc::new(candidate), &change),
            Err(error) => {
                change.rejected(&[], &error.to_string());
                Err(error)
            }
        }
    }

    /// Validates a candidate for every subscription, and makes it the configuration if all agree.
    fn adopt(
        &self,
        candidate: Arc<ConfigTree>,
        change: &Change<'_>,
    ) -> Result<ConfigReload, PluginRegistryError> {
        let is_first = self.config.tree().is_none();
        let mut changes = Vec::new();
        let mut failures = Vec::new();
        let mut note = |prepared: Result<Option<Prepared>, ConfigInvalid>| match prepared {
            Ok(prepared) => changes.extend(prepared),
            Err(invalid) => note_failure(&mut failures, invalid),
        };
        for feed in self.config.host_feeds() {
            let value = candidate.at(feed.path());
            if is_first {
                // Nothing has changed: this is what the configuration was all along.
                feed.begin_with(value);
            } else {
                note(feed.prepare(value));
            }
        }
        for (plugin, feed) in self.live_feeds() {
            match candidate.section(plugin) {
                Ok(section) => note(feed.prepare_section(section)),
                Err(PluginRegistryError::ConfigInvalid { section, problems })
                    if feed.subscriptions() > 0 =>
                {
                    note(Err(ConfigInvalid::new(section, problems)));
                }
                Err(_) => {}
            }
        }
        if !failures.is_empty() {
            let paths: Vec<String> = failures
                .iter()
                .flat_map(failed_paths)
                .map(Into::into)
                .collect();
            let error = PluginRegistryError::ReloadRejected {
                change_id: change.id,
                failures,
            };
            change.rejected(&paths, &error.to_string());
            return Err(error);
        }
        self.config.replace(candidate);
        // The host may have subscribed to a plugin's section, too.
        let mut changed: Vec<String> = Vec::new();
        for path in changes.iter().map(Prepared::path) {
            if !changed.iter().any(|it| it == path) {
                changed.push(path.to_owned());
            }
        }
        let mut calls = Notifications::default();
        for prepared in changes {
            calls.append(prepared.commit());
        }
        if !changed.is_empty() {
            tracing::info!(
                change_id = change.id,
                source_id = change.source_id,
                paths = ?changed,
                "the configuration has changed"
            );
        }
        if !calls.is_empty() {
            let runtime = self.lifecycle.runtime();
            self.config.queue.push(move || {
                // Callbacks may spawn tasks.
                let _runtime = runtime.as_ref().map(Handle::enter);
                calls.run();
            });
        }
        Ok(ConfigReload {
            change_id: change.id,
            changed,
        })
    }

    fn live_feeds(&self) -> impl Iterator<Item = (&PluginName, SectionFeed)> {
        self.entries.iter().filter_map(|entry| {
            let live = entry.live()?;
            // A process that has ended has no say; the next one is given the section anew.
            if live.running.adapter().failure().is_some() {
                return None;
            }
            Some((&entry.descriptor.name, live.config.feed().clone()))
        })
    }

    /// Validates a section against the schema of its plugin, if that is known.
    fn check_section(&self, plugin: &PluginName, section: &Value) -> Result<(), ConfigInvalid> {
        let Some(&index) = self.by_name.get(plugin) else {
            return Ok(());
        };
        let entry = &self.entries[index];
        let schema = match &entry.descriptor.source {
            Source::InProcess(registration) => config_schema(registration.declaration()),
            _ => entry
                .live()
                .and_then(|live| live.running.adapter().config_schema()),
        };
        schema.map_or(Ok(()), |schema| check(plugin, &schema, section))
    }
}

/// Notes what is wrong with a section, each place in it once: the host may have subscribed to it as
/// well as the plugin.
fn note_failure(failures: &mut Vec<ConfigInvalid>, invalid: ConfigInvalid) {
    let known = failures.iter_mut().find(|it| it.section == invalid.section);
    let Some(known) = known else {
        failures.push(invalid);
        return;
    };
    for problem in invalid.problems {
        if !known.problems.iter().any(|it| it.path == problem.path) {
            known.problems.push(problem);
        }
    }
}
