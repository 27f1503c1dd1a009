//! Who is called: the selection behind every dispatch, typed and by JSON.

use std::sync::Arc;

use dagstack_engine::Access;
use dagstack_plugin::kind::{Candidate, Capability, Selector};
use dagstack_plugin::{DispatchError, HookContext, HookError, Kind, PluginName, did_you_mean};

use super::index::{KindIndex, Member};
use super::route::RouteRequest;
use super::wellbeing::says_nothing_of_the_plugin;
use crate::entry::Entry;
use crate::handle::{PluginHandle, typed};
use crate::live::Live;

/// A plugin that can be called.
pub(super) struct Chosen<'a> {
    pub(super) member: &'a Member,
    pub(super) live: Arc<Live>,
}

impl KindIndex {
    /// The plugin of a singleton: the policy's, the one named by the host or by the environment,
    /// or the first by priority that `fits`.
    pub(super) fn choose(
        &self,
        request: &RouteRequest<'_>,
        fits: impl Fn(usize) -> bool,
    ) -> Result<Chosen<'_>, DispatchError> {
        match self.route(request)? {
            Some((rank, by)) => self.chosen(rank, by, request),
            None => self.best(request, fits),
        }
    }

    /// What the policy, the host or the environment says.
    fn route(&self, request: &RouteRequest<'_>) -> Result<Option<(usize, &str)>, DispatchError> {
        if let Some(name) = self.policy.as_ref().and_then(|policy| policy(request)) {
            let by = "the routing policy";
            return match self.by_name.get(&name) {
                Some(&rank) => Ok(Some((rank, by))),
                None => {
                    let guess = did_you_mean(self.guess(&name));
                    let reason = format!("{by} names `{name}`, which is not registered{guess}");
                    Err(no_plugin(request, reason))
                }
            };
        }
        Ok(self.active.as_ref().map(|it| (it.rank, &*it.by)))
    }

    /// The plugin that was named, and no other.
    fn chosen(
        &self,
        rank: usize,
        by: &str,
        request: &RouteRequest<'_>,
    ) -> Result<Chosen<'_>, DispatchError> {
        let member = &self.members[rank];
        let name = member.name();
        let Some(live) = member.entry.callable() else {
            let why = member.entry.not_ready(None);
            return Err(no_plugin(
                request,
                format!("{by} names `{name}`, and {why}"),
            ));
        };
        if !self.admits(request, member) {
            return Err(no_plugin(
                request,
                format!("{by} names `{name}`, which the candidate filter refuses"),
            ));
        }
        Ok(Chosen { member, live })
    }

    /// The first by priority, if no other has the same.
    fn best(
        &self,
        request: &RouteRequest<'_>,
        fits: impl Fn(usize) -> bool,
    ) -> Result<Chosen<'_>, DispatchError> {
        let mut found: Option<(usize, Chosen<'_>)> = None;
        let mut ties = Vec::new();
        for (rank, member) in self.members.iter().enumerate() {
            if let Some((_, best)) = &found
                && best.member.priority() != member.priority()
            {
                break;
            }
            if !fits(rank) {
                continue;
            }
            let Some(live) = member.entry.callable() else {
                continue;
            };
            if !self.admits(request, member) {
                continue;
            }
            match &found {
                None => found = Some((rank, Chosen { member, live })),
                Some(_) => ties.push(rank),
            }
        }
        match found {
            Some((_, best)) if ties.is_empty() => Ok(best),
            Some((rank, _)) => {
                ties.insert(0, rank);
                Err(self.ambiguous(request.hook, ties))
            }
            None => {
                let fitting = (0..self.members.len()).filter(|&rank| fits(rank)).collect();
                Err(self.nobody(request, fitting))
            }
        }
    }

    /// The plugin that supports `key`, else the fallback.
    pub(super) fn capable(
        &self,
        request: &RouteRequest<'_>,
        capability: Capability,
        key: &str,
    ) -> Result<Chosen<'_>, DispatchError> {
        let mut missed = Vec::new();
        let mut accepted = |rank: usize| {
            let member = &self.members[rank];
            let live = member.entry.callable();
            match live.filter(|_| self.admits(request, member)) {
                Some(live) => Some(Chosen { member, live }),
                None => {
                    missed.push(rank);
                    None
                }
            }
        };
        let found = self.supports.find(capability, key, &mut accepted);
        let found = found.or_else(|| accepted(self.fallback?));
        match found {
            Some(chosen) => Ok(chosen),
            None if missed.is_empty() => Err(DispatchError::NoCapabilityMatch {
                kind: self.kind.to_string(),
                hook: request.hook.to_owned(),
                capability: capability.as_str().to_owned(),
                key: key.to_owned(),
                supported: self.supports.all(capability),
            }),
            None => Err(self.nobody(request, missed)),
        }
    }

    /// The error where all of `ranks` are not ready or filtered out.
    fn nobody(&self, request: &RouteRequest<'_>, ranks: Vec<usize>) -> DispatchError {
        let (ready, down): (Vec<usize>, Vec<usize>) = ranks
            .into_iter()
            .partition(|&rank| self.members[rank].entry.callable().is_some());
        let listed = |ranks: &[usize]| {
            let names = ranks.iter().take(3).map(|&rank| {
                let member = &self.members[rank];
                match member.entry.state().reason() {
                    Some(reason) => format!("`{}` ({reason})", member.name()),
                    None => format!("`{}`", member.name()),
                }
            });
            let names: Vec<String> = names.collect();
            let more = match ranks.len() {
                0..=3 => String::new(),
                many => format!(" and {} more", many - 3),
            };
            format!("{}{more}", names.join(", "))
        };
        let reason = match (&ready[..], &down[..]) {
            ([], []) => "none is registered".to_owned(),
            ([], down) => format!("not ready: {}", listed(down)),
            (ready, []) => format!("the candidate filter refuses {}", listed(ready)),
            (ready, down) => format!(
                "the candidate filter refuses {}; not ready: {}",
                listed(ready),
                listed(down)
            ),
        };
        no_plugin(request, reason)
    }
}

pub(super) fn no_plugin(request: &RouteRequest<'_>, reason: String) -> DispatchError {
    DispatchError::NoPlugin {
        kind: request.kind.to_owned(),
        hook: request.hook.to_owned(),
        reason,
    }
}

/// The plugins of a kind as what a dispatch calls: `P` is the kind's trait, or a handle.
pub(super) struct Select<P: ?Sized> {
    pub(super) index: Arc<KindIndex>,
    take: fn(&Arc<Entry>, &Arc<Live>) -> Arc<P>,
}

impl<K: Kind + ?Sized> Select<K> {
    /// As the kind's trait.
    pub(super) fn typed(index: Arc<KindIndex>) -> Self {
        let take = typed::<K>;
        Self { index, take }
    }
}

impl Select<PluginHandle> {
    /// By JSON.
    pub(super) fn handles(index: Arc<KindIndex>) -> Self {
        let take = |entry: &Arc<Entry>, live: &Arc<Live>| {
            let live = Some(Arc::clone(live));
            Arc::new(PluginHandle::new(entry, live, Access::Exposed))
        };
        Self { index, take }
    }
}

impl<P: ?Sized> Select<P> {
    pub(super) fn candidate(&self, chosen: &Chosen<'_>) -> Candidate<P> {
        Candidate {
            name: chosen.member.name().clone(),
            plugin: (self.take)(&chosen.member.entry, &chosen.live),
        }
    }

    fn request<'a>(&'a self, hook: &'a str, ctx: &'a HookContext) -> RouteRequest<'a> {
        let kind = &self.index.kind;
        RouteRequest { kind, hook, ctx }
    }

    fn rank(&self, plugin: &PluginName) -> Option<usize> {
        self.index.by_name.get(plugin.name()).copied()
    }
}

impl<P: ?Sized + 'static> Selector<P> for Select<P> {
    fn kind(&self) -> &str {
        &self.index.kind
    }

    fn singleton(&self, hook: &str, ctx: &HookContext) -> Result<Candidate<P>, DispatchError> {
        let request = self.request(hook, ctx);
        let chosen = self.index.choose(&request, |_| true)?;
        Ok(self.candidate(&chosen))
    }

    fn capability(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: Capability,
        key: &str,
    ) -> Result<Candidate<P>, DispatchError> {
        let request = self.request(hook, ctx);
        let chosen = self.index.capable(&request, capability, key)?;
        Ok(self.candidate(&chosen))
    }

    fn all(&self, _: &str, _: &HookContext) -> Result<Vec<Candidate<P>>, DispatchError> {
        let mut all = Vec::with_capacity(self.index.order.len());
        for &rank in &self.index.order {
            let member = &self.index.members[rank];
            if let Some(live) = member.entry.callable() {
                all.push(self.candidate(&Chosen { member, live }));
            }
        }
        Ok(all)
    }

    fn failed(&self, plugin: &PluginName, hook: &str, error: &HookError) {
        if says_nothing_of_the_plugin(error) {
            return;
        }
        if let Some(rank) = self.rank(plugin) {
            let entry = &self.index.members[rank].entry;
            self.index.degraded.failed(rank, entry, hook, error);
        }
    }

    fn succeeded(&self, plugin: &PluginName, _: &str) {
        if !self.index.degraded.any() {
            return;
        }
        if let Some(rank) = self.rank(plugin) {
            let entry = &self.index.members[rank].entry;
            self.index.degraded.succeeded(rank, entry);
        }
    }
}
