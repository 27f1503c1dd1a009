//! [`KindIndex`]: the plugins of one kind, in the orders that dispatches need.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use dagstack_plugin::kind::{Dispatch, KindSpec};
use dagstack_plugin::{DispatchError, Manifest, PluginName, suggest, tool};
use serde_json::{Map, Value};

use super::route::{Filter, PluginInfo, Policy, RouteRequest, Routing, variable};
use super::supports::Supports;
use super::wellbeing::Degraded;
use crate::descriptor::Source;
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::kinds::Kinds;

/// The plugins of one kind. Made once, when the registry is built; which of them can be called
/// stands in their entries and is asked at every dispatch, so nothing here can be out of date.
pub(crate) struct KindIndex {
    pub(super) kind: Arc<str>,
    pub(super) spec: Option<&'static KindSpec>,
    /// By priority, the highest first, then by name: the place is the rank.
    pub(super) members: Vec<Member>,
    /// The ranks in the order of broadcasts and chains.
    pub(super) order: Vec<usize>,
    pub(super) by_name: HashMap<String, usize>,
    pub(super) fallback: Option<usize>,
    pub(super) supports: Supports,
    pub(super) policy: Option<Policy>,
    pub(super) active: Option<Active>,
    pub(super) filters: Vec<Filter>,
    /// `DAGSTACK_ACTIVE_<KIND>`.
    pub(super) variable: String,
    pub(super) degraded: Degraded,
}

/// One plugin of a kind.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) entry: Arc<Entry>,
    manifest: Option<Arc<Manifest>>,
}

/// The plugin that is to answer singletons, and who says so.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) rank: usize,
    pub(super) by: String,
}

impl fmt::Debug for KindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindIndex")
            .field("kind", &self.kind)
            .field("order", &self.order)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Member {
    pub(super) fn name(&self) -> &PluginName {
        &self.entry.descriptor.name
    }

    pub(super) fn priority(&self) -> u32 {
        self.entry.descriptor.priority
    }

    /// What a host's filter is shown.
    pub(super) fn info(&self) -> PluginInfo<'_> {
        static NO_METADATA: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        let descriptor = &self.entry.descriptor;
        PluginInfo {
            name: &descriptor.name,
            capabilities: &descriptor.capabilities,
            metadata: match &self.manifest {
                Some(manifest) => &manifest.metadata,
                None => &NO_METADATA,
            },
            priority: descriptor.priority,
            runtime: descriptor.runtime(),
            version: descriptor.version.as_deref(),
        }
    }

    /// Whether it is refused for good, so that it takes part in nothing.
    fn never_runs(&self) -> bool {
        matches!(self.entry.descriptor.source, Source::Never { .. })
    }
}

/// Sorts the plugins of a registry by kind. Kinds that are only declared are there too.
///
/// # Errors
///
/// `AmbiguousFallback`; `PluginNotFound` for a name that a route or the environment gives; `Dispatch`
/// where nothing decides about singletons.
pub(crate) fn build(
    entries: &[Arc<Entry>],
    kinds: &Kinds,
    routing: &Routing,
) -> Result<HashMap<Arc<str>, Arc<KindIndex>>, PluginRegistryError> {
    let mut by_kind: BTreeMap<&str, Vec<Member>> = BTreeMap::new();
    for spec in kinds.specs() {
        by_kind.entry(spec.name).or_default();
    }
    for kind in routing.policies.keys().chain(routing.fixed.keys()) {
        by_kind.entry(kind).or_default();
    }
    for entry in entries {
        let kind = entry.descriptor.name.kind();
        by_kind.entry(kind).or_default().push(Member {
            manifest: entry.descriptor.manifest.clone(),
            entry: Arc::clone(entry),
        });
    }
    by_kind
        .into_iter()
        .map(|(kind, members)| {
            let index = KindIndex::new(kind, kinds.spec(kind), members, routing)?;
            Ok((Arc::clone(&index.kind), Arc::new(index)))
        })
        .collect()
}

impl KindIndex {
    /// Of a kind that has no plugins here.
    pub(super) fn empty(spec: &'static KindSpec) -> Self {
        Self::sorted(spec.name, Some(spec), Vec::new(), &Routing::default())
    }

    /// Of a kind that nobody has heard of.
    pub(super) fn unknown(kind: &str) -> Self {
        Self::sorted(kind, None, Vec::new(), &Routing::default())
    }

    fn new(
        kind: &str,
        spec: Option<&'static KindSpec>,
        members: Vec<Member>,
        routing: &Routing,
    ) -> Result<Self, PluginRegistryError> {
        let mut index = Self::sorted(kind, spec, members, routing);
        index.fallback = index.only_fallback()?;
        let fixed = routing.fixed.get(kind);
        let by_host = fixed.map(|name| (name.clone(), format!("`.route_to(\"{kind}\", …)`")));
        let by_environment = || {
            let name = routing.named_by_environment(&index.variable)?;
            Some((name, index.variable.clone()))
        };
        if let Some((name, by)) = by_host.or_else(by_environment) {
            match index.by_name.get(&name) {
                Some(&rank) => index.active = Some(Active { rank, by }),
                None => return Err(index.unknown_name(&name, &by)),
            }
        }
        index.decided()?;
        Ok(index)
    }

    fn sorted(
        kind: &str,
        spec: Option<&'static KindSpec>,
        mut members: Vec<Member>,
        routing: &Routing,
    ) -> Self {
        members.sort_by(|a, b| {
            let by_priority = b.priority().cmp(&a.priority());
            by_priority.then_with(|| a.name().name().cmp(b.name().name()))
        });
        // `false` goes first; the sort keeps the rank among equals.
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|&rank| {
            let manifest = members[rank].manifest.as_ref();
            let first = manifest.is_some_and(|it| it.tryfirst);
            let last = manifest.is_some_and(|it| it.trylast);
            (!first, last)
        });
        let mut supports = Supports::default();
        for (rank, member) in members.iter().enumerate() {
            if let Some(manifest) = &member.manifest {
                supports.add(rank, manifest);
            }
        }
        Self {
            kind: Arc::from(kind),
            spec,
            by_name: members
                .iter()
                .enumerate()
                .map(|(rank, member)| (member.name().name().to_owned(), rank))
                .collect(),
            order,
            fallback: None,
            supports,
            policy: routing.policies.get(kind).cloned(),
            active: None,
            filters: routing.filters.clone(),
            variable: variable(kind),
            degraded: Degraded::default(),
            members,
        }
    }

    /// The plugin that takes what no other does.
    fn only_fallback(&self) -> Result<Option<usize>, PluginRegistryError> {
        let is_fallback = |rank: &usize| {
            let manifest = self.members[*rank].manifest.as_ref();
            manifest.is_some_and(|manifest| manifest.fallback)
        };
        let fallbacks: Vec<usize> = (0..self.members.len()).filter(is_fallback).collect();
        match fallbacks[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(PluginRegistryError::AmbiguousFallback {
                kind: self.kind.to_string(),
                candidates: self.names(fallbacks),
            }),
        }
    }

    pub(super) fn names(&self, ranks: impl IntoIterator<Item = usize>) -> Vec<PluginName> {
        let names = ranks.into_iter().map(|rank| self.members[rank].name());
        names.cloned().collect()
    }

    /// The plugin of this kind that `name` may be meant for.
    pub(super) fn guess(&self, name: &str) -> Option<&str> {
        let known = self.members.iter().map(|member| member.name().name());
        suggest(name, known)
    }

    fn unknown_name(&self, name: &str, by: &str) -> PluginRegistryError {
        PluginRegistryError::PluginNotFound {
            plugin: PluginName::new(Arc::clone(&self.kind), name),
            suggestion: self.guess(name).map(str::to_owned),
            hint: format!("; {by} names it as the plugin that answers"),
        }
    }

    /// Refuses a kind whose singletons nothing decides. Functions of tools are addressed by the
    /// plugin, so several tools of one priority are the rule and not an error.
    fn decided(&self) -> Result<(), PluginRegistryError> {
        if self.policy.is_some() || self.active.is_some() || *self.kind == *tool::KIND {
            return Ok(());
        }
        let hooks = self.spec.map_or(&[][..], |spec| spec.hooks);
        let Some(hook) = hooks.iter().find(|it| it.dispatch == Dispatch::Singleton) else {
            return Ok(());
        };
        let able = |rank: &usize| !self.members[*rank].never_runs();
        let mut able = (0..self.members.len()).filter(able).peekable();
        let Some(&best) = able.peek() else {
            return Ok(());
        };
        let priority = self.members[best].priority();
        let ties: Vec<usize> = able
            .take_while(|&rank| self.members[rank].priority() == priority)
            .collect();
        if ties.len() < 2 {
            return Ok(());
        }
        Err(self.ambiguous(hook.name, ties).into())
    }

    /// The error of plugins that fit equally well.
    pub(super) fn ambiguous(&self, hook: &str, ranks: Vec<usize>) -> DispatchError {
        let priority = ranks.first().map(|&rank| self.members[rank].priority());
        DispatchError::AmbiguousPlugin {
            kind: self.kind.to_string(),
            hook: hook.to_owned(),
            priority: priority.unwrap_or_default(),
            candidates: self.names(ranks),
            variable: self.variable.clone(),
        }
    }

    /// Whether the host's filters let the plugin be chosen.
    pub(super) fn admits(&self, request: &RouteRequest<'_>, member: &Member) -> bool {
        let mut filters = self.filters.iter();
        filters.all(|filter| filter(request, &member.info()))
    }
}
