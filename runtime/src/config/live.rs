//! [`LiveConfig`]: the configuration of a registry as it is now, and what watches it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

use dagstack_engine::ChangeQueue;
use dagstack_engine::feed::{Coverage, SectionFeed};
use dagstack_plugin::PluginName;
use dagstack_plugin::sync::{lock, read, write};
use serde_json::Value;

use super::watch::Signal;
use super::{Changed, ConfigSource, ConfigTree, Watch};
use crate::background::Background;
use crate::error::PluginRegistryError;

/// The configuration of a registry.
pub(crate) struct LiveConfig {
    sources: Vec<Box<dyn ConfigSource>>,
    signal: Arc<Signal>,
    /// Once started.
    watches: OnceLock<Vec<Watch>>,
    /// The last one that was accepted.
    tree: RwLock<Option<Arc<ConfigTree>>>,
    /// What the host itself subscribed to, by path.
    hosts: Mutex<BTreeMap<String, SectionFeed>>,
    /// Where subscribers are told.
    pub(super) queue: ChangeQueue,
    changes: AtomicU64,
    /// Takes up what the sources report.
    follower: Mutex<Option<Background>>,
}

impl fmt::Debug for LiveConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.source_ids()).finish()
    }
}

impl LiveConfig {
    pub(crate) fn new(sources: Vec<Box<dyn ConfigSource>>) -> Self {
        Self {
            sources,
            signal: Arc::default(),
            watches: OnceLock::new(),
            tree: RwLock::default(),
            hosts: Mutex::default(),
            queue: ChangeQueue::new(),
            changes: AtomicU64::new(0),
            follower: Mutex::default(),
        }
    }

    fn source_ids(&self) -> Vec<String> {
        let ids = self.sources.iter().map(|source| source.id().to_owned());
        ids.collect()
    }

    /// The id of a source, for messages.
    pub(super) fn source_id(&self, index: usize) -> &str {
        self.sources.get(index).map_or("?", |source| source.id())
    }

    /// The number of the next change.
    pub(super) fn next_change(&self) -> u64 {
        self.changes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Loads all sources. They watch from before that, so that nothing is missed in between.
    pub(super) async fn load(&self) -> Result<ConfigTree, PluginRegistryError> {
        self.watches();
        ConfigTree::load(&self.sources).await
    }

    pub(super) fn tree(&self) -> Option<Arc<ConfigTree>> {
        read(&self.tree).clone()
    }

    pub(super) fn replace(&self, tree: Arc<ConfigTree>) {
        *write(&self.tree) = Some(tree);
    }

    fn watches(&self) -> &[Watch] {
        self.watches.get_or_init(|| {
            let sources = self.sources.iter().enumerate();
            let watches = sources.filter_map(|(index, source)| {
                let changed = Changed::new(Arc::clone(&self.signal), index);
                source.watch(changed).unwrap_or_else(|error| {
                    tracing::warn!(
                        source_id = source.id(),
                        "the configuration cannot be watched: {error}"
                    );
                    None
                })
            });
            watches.collect()
        })
    }

    /// Who would notice a change at `path`.
    fn coverage(&self, path: &str) -> Coverage {
        let watches = self.watches();
        if watches.iter().any(|watch| watch.covers(path)) {
            return Coverage::Covered;
        }
        let source_ids = self.source_ids();
        if watches.is_empty() {
            Coverage::NoWatch { source_ids }
        } else {
            Coverage::NotCovered { source_ids }
        }
    }

    /// The feed of a plugin that is set up with `section`.
    pub(crate) fn feed(&self, plugin: &PluginName, section: Value) -> SectionFeed {
        let path = plugin.to_string();
        let coverage = self.coverage(&path);
        SectionFeed::new(path, section, coverage)
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, SectionFeed>> {
        lock(&self.hosts)
    }

    /// The feed of the host's own subscriptions to `path`.
    pub(super) fn host_feed(&self, path: &str) -> SectionFeed {
        let coverage = self.coverage(path);
        let mut hosts = self.hosts();
        let feed = hosts.entry(path.to_owned()).or_insert_with(|| {
            let value = self.tree().map(|tree| tree.at(path)).unwrap_or_default();
            SectionFeed::of_any(path, value, coverage)
        });
        feed.clone()
    }

    /// The feeds of the host's own subscriptions.
    pub(super) fn host_feeds(&self) -> Vec<SectionFeed> {
        self.hosts().values().cloned().collect()
    }

    /// Whether any source watches.
    pub(super) fn is_watched(&self) -> bool {
        !self.watches().is_empty()
    }

    /// What says which sources have changed.
    pub(super) fn signal(&self) -> Arc<Signal> {
        Arc::clone(&self.signal)
    }

    /// Keeps the task that takes up what the sources report; one that ended with its runtime is replaced.
    pub(super) fn follow_by(&self, spawn: impl FnOnce() -> Background) {
        let mut follower = lock(&self.follower);
        if follower.as_ref().is_none_or(Background::is_finished) {
            *follower = Some(spawn());
        }
    }
}
