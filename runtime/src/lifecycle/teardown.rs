//! Taking plugins down, in the reverse order of the setup.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dagstack_engine::TeardownFailure;
use dagstack_plugin::{PluginName, Released};

use crate::descriptor::Source;
use crate::entry::{Entry, Phase};
use crate::error::PluginRegistryError;
use crate::executor::{self, JoinError};
use crate::live::{Live, Running};
use crate::registry::Registry;

/// What each step of a teardown is given at least, where the time is used up.
const LEAST: Duration = Duration::from_millis(100);

impl Registry {
    /// Tears every plugin down, in exactly the reverse order of the setup. Afterwards they are
    /// `registered` again; where nothing is left to do, it does nothing. Health checks and restarts
    /// end first.
    ///
    /// New calls are refused at once; those on their way have half of the plugin's
    /// `teardown_timeout_sec` to end, then those that await something end with `unavailable`. A
    /// teardown that takes longer than the limit leaves the plugin `leaked`, one that returns
    /// [`RequiresRestart`](dagstack_plugin::Released::RequiresRestart) leaves it
    /// `requires_restart`: neither is set up again in this process. A subprocess that does not end
    /// by itself gets SIGTERM, five seconds later SIGKILL.
    ///
    /// A typed handle ([`get`](Self::get)) that the host still keeps keeps the plugin's value alive:
    /// the plugin is `leaked` until the last one is dropped, and that is an error here too. A
    /// [`PluginHandle`](crate::PluginHandle) may be kept; calls on it are refused.
    ///
    /// Needs a tokio runtime, as the setup does.
    ///
    /// # Errors
    ///
    /// `TeardownErrors`, with every plugin that failed: `Timeout`, `TeardownFailed`, `LeakDetected`.
    pub async fn teardown_all(&self) -> Result<(), PluginRegistryError> {
        // Before the turn is waited for: a restart may have it for as long as a start takes.
        self.stop_background();
        let _turn = self.inner.lifecycle.turn().await;
        self.stop_background();
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

    /// Finishes the teardowns that were given up half way: their plugins look ready, but are not.
    pub(super) async fn finish_teardowns(&self) {
        for &index in self.inner.graph.groups.iter().flatten().rev() {
            let entry = &self.inner.entries[index];
            let half_way = entry.live().is_some_and(|live| live.lease.is_closed());
            if half_way && let Err(error) = teardown(entry).await {
                let name = &entry.descriptor.name;
                tracing::warn!(
                    plugin.kind = name.kind(),
                    plugin.name = name.name(),
                    "{error}"
                );
            }
        }
    }

    /// Ends the health checks and whatever starts processes again.
    fn stop_background(&self) {
        self.inner.lifecycle.set_watch(None);
        for entry in &self.inner.entries {
            entry.supervise(None);
        }
    }
}

/// Tears a plugin down, if it is up. Its state says how that went, also where it is no error.
pub(super) async fn teardown(entry: &Entry) -> Result<(), PluginRegistryError> {
    // The instance stays where it is until it is down: if this future is dropped half way, the
    // next teardown finds it.
    let Some(live) = entry.live() else {
        // Its process has ended and waits to be started again, which it will not be now.
        if entry.awaits_restart() {
            drop(entry.enter(Phase::Registered));
        }
        return Ok(());
    };
    let (name, limit) = (&entry.descriptor.name, entry.descriptor.teardown_timeout);
    let started = Instant::now();
    let left = || limit.saturating_sub(started.elapsed()).max(LEAST);
    drain(name, &live, limit / 2).await;
    live.config.feed().close();
    if let Running::InProcess(plugin) = &live.running
        && let Some(workers) = plugin.workers()
    {
        workers.close(left()).await;
    }
    let outcome = live.running.adapter().teardown(left()).await;
    let late = || PluginRegistryError::Timeout {
        plugin: name.clone(),
        operation: "teardown",
        limit,
        setting: "teardown_timeout_sec",
    };
    let (phase, outcome) = match outcome {
        Ok(Released::All) => (Phase::Registered, Ok(())),
        Ok(Released::RequiresRestart) => (Phase::RequiresRestart, Ok(())),
        Err(TeardownFailure::TimedOut) => (Phase::Leaked, Err(late())),
        Err(TeardownFailure::Failed(error)) => {
            let error = PluginRegistryError::TeardownFailed {
                plugin: name.clone(),
                // The author's own message may quote the config.
                message: live.config.scrub(&error.to_string()),
            };
            (Phase::Down(error.reason()), Err(error))
        }
    };
    let outcome = match &entry.descriptor.source {
        Source::InProcess(_) => match release(entry, live, phase, left()).await {
            Release::Done => outcome,
            Release::Blocked => outcome.and_then(|()| Err(late())),
            Release::Kept(error) => outcome.and(Err(error)),
        },
        _ => {
            drop((entry.enter(phase), live));
            outcome
        }
    };
    if let Err(error) = &outcome {
        entry.note(error.reason());
    }
    tracing::info!(plugin.kind = name.kind(), plugin.name = name.name(), state = %entry.state(), "plugin torn down");
    outcome
}

/// Lets no more calls in, and hands those on their way back to their callers: they may end within
/// `patience`; then those that await something are ended, and the rest are waited for no longer.
async fn drain(name: &PluginName, live: &Live, patience: Duration) {
    let drained = async |limit| {
        tokio::time::timeout(limit, live.lease.drained())
            .await
            .is_ok()
    };
    let in_time = drained(patience).await;
    // Also health checks, which are not counted as calls.
    live.revoke();
    if !in_time && !drained(LEAST).await {
        tracing::warn!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            calls = live.lease.in_flight(),
            "calls are still on their way after {patience:?} and cannot be ended; tearing down under them"
        );
    }
}

/// What became of the value of a plugin that is torn down.
enum Release {
    /// It is dropped, or will be with the last untyped handle.
    Done,
    /// Its `drop`, or a health check, does not come back.
    Blocked,
    /// Typed handles keep it.
    Kept(PluginRegistryError),
}

/// Takes the instance out of the entry and drops it.
async fn release(entry: &Entry, live: Arc<Live>, phase: Phase, limit: Duration) -> Release {
    live.forget_native();
    let mut blocked = false;
    let value = match &live.running {
        Running::InProcess(plugin) => {
            let checks = tokio::time::timeout(limit, plugin.checks_are_over());
            blocked = !matches!(phase, Phase::Leaked) && checks.await.is_err();
            plugin.value().cloned()
        }
        Running::Elsewhere(_) => None,
    };
    let kept = value.and_then(|value| {
        // This one and the adapter's; calls that could not be ended may have theirs too. All typed
        // handles together have one.
        let own = 2 + live.lease.in_flight();
        (Arc::strong_count(&value) > own).then(|| Arc::downgrade(&value))
    });
    let may_come_back = matches!(phase, Phase::Registered);
    let instance = (entry.enter(phase), live);
    if !dropped(instance, limit).await || blocked {
        entry.enter(Phase::Leaked);
        return Release::Blocked;
    }
    let Some(value) = kept else {
        return Release::Done;
    };
    if may_come_back {
        entry.enter(Phase::Kept(value));
    }
    let plugin = entry.descriptor.name.clone();
    Release::Kept(PluginRegistryError::LeakDetected { plugin })
}

/// Drops an instance where it can stall nobody else: its `drop` is the author's code too. `false`
/// if that takes too long.
async fn dropped<T: Send + 'static>(instance: T, limit: Duration) -> bool {
    let work = executor::spawn(move || Box::pin(async move { drop(instance) }));
    work.outcome(limit).await != Err(JoinError::TimedOut)
}
