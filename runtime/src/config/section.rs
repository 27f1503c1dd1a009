//! The config section of a plugin: whether it fits the plugin's schema, and what in it is secret.

use std::fmt;
use std::sync::{Arc, Mutex};

use dagstack_engine::secrets::{self, Scrubber};
use dagstack_plugin::config::SectionFeed;
use dagstack_plugin::schema::Schema;
use dagstack_plugin::sync::lock;
use serde_json::Value;

/// The config a plugin was set up with, and what became of it. Subscriptions to its changes end with
/// it.
pub(crate) struct Section(Arc<Secrets>);

/// What in the config of a plugin must not be quoted later: the secrets of every config it has had.
pub(crate) struct Secrets {
    feed: SectionFeed,
    /// Says which values are secrets, besides their names.
    schema: Schema,
    known: Mutex<Known>,
}

struct Known {
    learnt: Arc<Value>,
    secrets: Arc<Scrubber>,
}

impl Secrets {
    /// Those of `feed`, as the plugin's schema has them.
    pub(crate) fn new(schema: Schema, feed: SectionFeed) -> Self {
        let learnt = feed.section();
        let secrets = Arc::new(Scrubber::of(&learnt, &schema));
        Self {
            known: Mutex::new(Known { learnt, secrets }),
            feed,
            schema,
        }
    }

    /// What cuts them out of texts.
    pub(crate) fn scrubber(&self) -> Arc<Scrubber> {
        let section = self.feed.section();
        let mut known = lock(&self.known);
        if !Arc::ptr_eq(&known.learnt, &section) {
            Arc::make_mut(&mut known.secrets).learn(&section, &self.schema);
            known.learnt = section;
        }
        Arc::clone(&known.secrets)
    }
}

impl Section {
    /// That of a plugin which is set up.
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self(secrets)
    }

    /// Cuts its secrets out of texts of the plugin's own.
    pub(crate) fn secrets(&self) -> Arc<Scrubber> {
        self.0.scrubber()
    }

    /// What the plugin's code says while it runs, without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.secrets().scrub_loosely(text).into_owned()
    }

    /// The section as it changes.
    pub(crate) fn feed(&self) -> &SectionFeed {
        &self.0.feed
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        self.0.feed.close();
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        secrets::mask_by(&self.0.feed.section(), &self.0.schema).fmt(f)
    }
}
