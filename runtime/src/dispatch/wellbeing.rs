//! What broadcasts learn about plugins: which failed, and which are well again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use dagstack_engine::Reason;
use dagstack_plugin::sync::lock;
use dagstack_plugin::{HookError, code};
use serde_json::json;

use crate::entry::Entry;

/// The plugins of a kind that broadcasts have marked, by rank.
#[derive(Debug, Default)]
pub(crate) struct Degraded {
    /// How many there are: mostly none, and then a success costs one load.
    count: AtomicUsize,
    ranks: Mutex<HashSet<usize>>,
}

impl Degraded {
    fn ranks(&self) -> MutexGuard<'_, HashSet<usize>> {
        lock(&self.ranks)
    }

    /// Whether a success is worth a look.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    pub(crate) fn failed(&self, rank: usize, entry: &Entry, hook: &str, error: &HookError) {
        let text = format!("`{hook}` failed in a broadcast: {error}");
        // The author's own message may quote the config.
        let message = match entry.live() {
            Some(live) => live.config.scrub(&text),
            None => text,
        };
        let reason = Reason::new(error.code(), message).with_details(Some(json!({ "hook": hook })));
        if !entry.degrade(reason.clone()) {
            return;
        }
        let name = &entry.descriptor.name;
        tracing::warn!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            code = reason.code,
            "plugin degraded: {reason}"
        );
        let mut ranks = self.ranks();
        ranks.insert(rank);
        self.count.store(ranks.len(), Ordering::Release);
    }

    pub(crate) fn succeeded(&self, rank: usize, entry: &Entry) {
        let mut ranks = self.ranks();
        if !ranks.remove(&rank) {
            return;
        }
        self.count.store(ranks.len(), Ordering::Release);
        drop(ranks);
        if entry.recover() {
            let name = &entry.descriptor.name;
            tracing::info!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                "plugin ready again"
            );
        }
    }
}

/// Whether an error says nothing about the plugin: the caller's mistake, a policy's refusal, or
/// something that its state says already.
pub(crate) fn says_nothing_of_the_plugin(error: &HookError) -> bool {
    matches!(
        error.code(),
        code::INVALID_ARGUMENTS
            | code::UNKNOWN_HOOK
            | code::NOT_EXPOSED
            | code::CANCELLED
            | code::DEADLINE_EXCEEDED
            | code::PERMISSION_DENIED
            | code::QUOTA_EXCEEDED
            | code::TENANT_ACCESS_DENIED
            | code::UNAVAILABLE
            | code::STOP
    )
}
