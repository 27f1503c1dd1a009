//! The config section of a plugin: as it changes, and what in it must not be quoted.

use std::fmt;
use std::sync::{Arc, Mutex};

use dagstack_engine::feed::SectionFeed;
use dagstack_engine::secrets::{self, Scrubber};
use dagstack_plugin::schema::Schema;
use dagstack_plugin::sync::lock;
use serde_json::Value;

/// The config of a plugin that is set up, and the secrets of every config it has had.
pub(crate) struct Section {
    feed: SectionFeed,
    /// Says which values are secrets, besides their names.
    schema: Schema,
    known: Mutex<Known>,
}

struct Known {
    learnt: Arc<Value>,
    secrets: Arc<Scrubber>,
}

impl Section {
    /// That of `feed`, of which the plugin's schema says what is secret.
    pub(crate) fn new(schema: Schema, feed: SectionFeed) -> Self {
        let learnt = feed.section();
        let secrets = Arc::new(Scrubber::of(&learnt, &schema));
        Self {
            known: Mutex::new(Known { learnt, secrets }),
            feed,
            schema,
        }
    }

    /// What cuts its secrets out of texts of the plugin's own.
    pub(crate) fn secrets(&self) -> Arc<Scrubber> {
        let section = self.feed.section();
        let mut known = lock(&self.known);
        if !Arc::ptr_eq(&known.learnt, &section) {
            Arc::make_mut(&mut known.secrets).learn(&section, &self.schema);
            known.learnt = section;
        }
        Arc::clone(&known.secrets)
    }

    /// What the plugin's code says while it runs, without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.secrets().scrub_loosely(text).into_owned()
    }

    /// The section as it changes.
    pub(crate) fn feed(&self) -> &SectionFeed {
        &self.feed
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        secrets::mask_by(&self.feed.section(), &self.schema).fmt(f)
    }
}
