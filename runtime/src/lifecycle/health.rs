//! Asking plugins how they are.

use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::Health;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::background::Background;
use crate::entry::Entry;
use crate::live::Live;
use crate::registry::{Inner, Registry};
use crate::status::PluginStatus;

impl Registry {
    /// Asks every plugin that is set up how it is, all at the same time, and gives back the
    /// [`status`](Self::status) afterwards. A check that fails or takes too long makes a plugin
    /// `degraded`, three in a row `unavailable`; one that succeeds makes it `ready` again.
    ///
    /// This is one round of what the registry does in the background anyway
    /// ([`health_interval`](crate::RegistryBuilder::health_interval)). Outside a tokio runtime it
    /// asks nobody.
    pub async fn check_health(&self) -> Vec<PluginStatus> {
        if Handle::try_current().is_ok() {
            check(instances(&self.inner), self.health_timeout()).await;
        }
        self.status()
    }

    fn health_timeout(&self) -> Duration {
        self.inner.lifecycle.options.health_timeout
    }

    /// Starts the checks in the background, unless they run or are not wanted.
    pub(super) fn watch_health(&self) {
        let lifecycle = &self.inner.lifecycle;
        let Some(interval) = lifecycle.options.health_interval else {
            return;
        };
        if lifecycle.is_watching() {
            return;
        }
        let limit = self.health_timeout();
        let inner = Arc::downgrade(&self.inner);
        lifecycle.set_watch(Some(Background::spawn(async move {
            let mut ticks = interval_at(Instant::now() + interval, interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // The registry is not kept during the checks: its last handle ends the plugins, and this task.
                let Some(asked) = inner.upgrade().map(|inner| instances(&inner)) else {
                    return;
                };
                check(asked, limit).await;
            }
        })));
    }
}

type Instances = Vec<(Arc<Entry>, Arc<Live>)>;

fn instances(inner: &Inner) -> Instances {
    let entries = inner.entries.iter();
    entries
        .filter_map(|entry| Some((Arc::clone(entry), entry.live()?)))
        .collect()
}

/// One round. Dropping it gives the checks up.
async fn check(instances: Instances, limit: Duration) {
    let mut checks = JoinSet::new();
    for (entry, live) in instances {
        checks.spawn(async move {
            let asked = timeout(limit, live.running.adapter().health());
            let answer = tokio::select! {
                answer = asked => answer,
                () = live.revoked() => return,
            };
            let health = answer.unwrap_or_else(|_| {
                Health::unhealthy(format!("it did not say how it is within {limit:?}"))
            });
            entry.checked(&live, health);
        });
    }
    while checks.join_next().await.is_some() {}
}
