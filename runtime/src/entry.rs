//! [`Entry`]: one plugin of a registry, and the state it is in.

use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::SystemTime;

use dagstack_engine::Reason;
use dagstack_plugin::kind::{Host, Lease};
use dagstack_plugin::sync::{lock, read, write};
use dagstack_plugin::{CancelToken, ErasedPlugin, Health, HookError, code};
use serde_json::json;

use crate::background::Background;
use crate::config::section::Section;
use crate::descriptor::{Descriptor, Source};
use crate::host::TokioHost;
use crate::live::Live;
use crate::middleware::layers::{PluginLayers, Stack};
use crate::status::{LastHealth, PluginStatus, State};

/// How many health checks in a row have to fail before a plugin is not called any more.
const STRIKES: u32 = 3;

/// One plugin of a registry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Arc<Descriptor>,
    /// The middleware around its hooks.
    pub(crate) layers: PluginLayers,
    current: RwLock<Current>,
    /// What watches over the process of the plugin, if it has one.
    supervision: Mutex<Option<Background>>,
}

#[derive(Debug)]
struct Current {
    phase: Phase,
    history: History,
}

/// What an entry is at the moment: the states of the plugin specification (§3), each with what there
/// is in no other.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Not set up yet, or torn down again.
    Registered,
    /// There is an instance, which is `ready`, `degraded`, or out of use.
    Up(Arc<Live>, Condition),
    /// `unavailable`, without an instance.
    Down(Reason),
    /// `unavailable`: its process has ended and is to be started again.
    Restarting(Reason),
    /// Its teardown did not end in time.
    Leaked,
    /// `leaked` for as long as typed handles keep the value of its last instance.
    Kept(Weak<dyn ErasedPlugin>),
    /// Torn down; only a new process can set it up again.
    RequiresRestart,
}

/// How an instance is, and who found that out: a call that goes well says nothing against a health
/// check.
#[derive(Debug)]
pub(crate) enum Condition {
    Well,
    CallsFailed(Reason),
    ChecksFailed {
        reason: Reason,
        /// How many, in a row; none where the plugin only says that it is degraded.
        strikes: u32,
    },
}

/// What a plugin has been, whatever it is now.
#[derive(Debug, Default)]
struct History {
    /// Counts the instances there have been.
    generation: u64,
    /// See [`Live`]: that of the instance that is there, or was there last.
    since: u64,
    /// How often supervision has started the process again.
    restarts: u32,
    last_error: Option<Reason>,
    last_health: Option<LastHealth>,
}

impl Condition {
    fn is_callable(&self) -> bool {
        !matches!(self, Self::ChecksFailed { strikes, .. } if *strikes >= STRIKES)
    }

    fn state(&self) -> State {
        match self {
            Self::Well => State::Ready,
            Self::CallsFailed(reason) => State::Degraded(reason.clone()),
            Self::ChecksFailed { reason, .. } if self.is_callable() => {
                State::Degraded(reason.clone())
            }
            Self::ChecksFailed { reason, .. } => State::Unavailable(reason.clone()),
        }
    }

    fn strikes(&self) -> u32 {
        match self {
            Self::ChecksFailed { strikes, .. } => *strikes,
            Self::Well | Self::CallsFailed(_) => 0,
        }
    }

    /// What a health check finds after this.
    fn after(&self, health: &Health) -> Self {
        let (code, reason, strikes) = match health {
            Health::Degraded { reason } => ("degraded", reason, 0),
            Health::Unhealthy { reason } => ("unhealthy", reason, self.strikes().saturating_add(1)),
            _ => return Self::Well,
        };
        let message = match strikes {
            0..STRIKES => reason.clone(),
            _ => format!(
                "{strikes} health checks in a row failed, the last one: {reason}; it is called again once one succeeds, or reload it"
            ),
        };
        let reason = Reason::new(code, message);
        Self::ChecksFailed { reason, strikes }
    }
}

impl Phase {
    fn state(&self) -> State {
        match self {
            Self::Up(_, condition) => condition.state(),
            Self::Down(reason) | Self::Restarting(reason) => State::Unavailable(reason.clone()),
            Self::Leaked => State::Leaked,
            Self::Kept(value) if value.strong_count() > 0 => State::Leaked,
            // The handles are gone by now, and the value with them.
            Self::Registered | Self::Kept(_) => State::Registered,
            Self::RequiresRestart => State::RequiresRestart,
        }
    }

    /// The same, also where a process has ended and nobody has recorded it.
    fn state_now(&self) -> State {
        match self {
            Self::Up(live, condition) if condition.is_callable() => {
                let failure = live.running.adapter().failure();
                failure.map_or_else(|| condition.state(), State::Unavailable)
            }
            phase => phase.state(),
        }
    }

    fn live(&self) -> Option<&Arc<Live>> {
        match self {
            Self::Up(live, _) => Some(live),
            _ => None,
        }
    }
}

impl Current {
    fn enter(&mut self, phase: Phase) -> Phase {
        if let Some(reason) = phase.state().reason() {
            self.history.last_error = Some(reason.clone());
        }
        std::mem::replace(&mut self.phase, phase)
    }
}

impl Entry {
    pub(crate) fn new(descriptor: Descriptor, middleware: &Stack) -> Self {
        let mut current = Current {
            phase: Phase::Registered,
            history: History::default(),
        };
        if let Source::Never { error, .. } = &descriptor.source {
            current.enter(Phase::Down(error.reason()));
        }
        Self {
            layers: PluginLayers::new(middleware, &descriptor),
            current: RwLock::new(current),
            descriptor: Arc::new(descriptor),
            supervision: Mutex::default(),
        }
    }

    /// Enters a phase, and gives back the one before, to be dropped where an author's code may run.
    pub(crate) fn enter(&self, phase: Phase) -> Phase {
        write(&self.current).enter(phase)
    }

    /// Publishes a new instance.
    pub(crate) fn publish(&self, live: Arc<Live>, restarted: bool) {
        let before = {
            let mut current = write(&self.current);
            current.history.generation += 1;
            current.history.since = live.since();
            current.history.restarts += u32::from(restarted);
            current.history.last_health = None;
            current.enter(Phase::Up(live, Condition::Well))
        };
        drop(before);
    }

    /// The number of the first of the instances that the next one belongs to.
    pub(crate) fn since(&self, restarted: bool) -> u64 {
        let history = &read(&self.current).history;
        match restarted {
            true => history.since,
            false => history.generation + 1,
        }
    }

    /// Whether its process has ended and is to be started again.
    pub(crate) fn awaits_restart(&self) -> bool {
        matches!(read(&self.current).phase, Phase::Restarting(_))
    }

    /// Records an error that leaves the state as it is.
    pub(crate) fn note(&self, reason: Reason) {
        write(&self.current).history.last_error = Some(reason);
    }

    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        read(&self.current).phase.live().cloned()
    }

    /// The generation of the plugin that can be called now.
    pub(crate) fn callable(&self) -> Option<Arc<Live>> {
        match &read(&self.current).phase {
            Phase::Up(live, condition) if condition.is_callable() && !live.has_ended() => {
                Some(Arc::clone(live))
            }
            _ => None,
        }
    }

    /// Whether that is the instance of the moment.
    pub(crate) fn is_current(&self, live: &Arc<Live>) -> bool {
        let current = read(&self.current);
        current.phase.live().is_some_and(|it| Arc::ptr_eq(it, live))
    }

    /// The state, which for a plugin whose process ended is not the one recorded.
    pub(crate) fn state(&self) -> State {
        read(&self.current).phase.state_now()
    }

    /// Whether health checks have taken the plugin out of use; its instance is still there.
    pub(crate) fn is_suspended(&self) -> bool {
        let current = read(&self.current);
        matches!(&current.phase, Phase::Up(_, condition) if !condition.is_callable())
    }

    /// Marks a plugin that is ready as degraded: a broadcast to it failed, or the like. It is still
    /// called.
    /// `true` if it was well until now.
    pub(crate) fn degrade(&self, reason: Reason) -> bool {
        let mut current = write(&self.current);
        let Current { phase, history } = &mut *current;
        let Phase::Up(_, condition @ (Condition::Well | Condition::CallsFailed(_))) = phase else {
            return false;
        };
        history.last_error = Some(reason.clone());
        let before = std::mem::replace(condition, Condition::CallsFailed(reason));
        matches!(before, Condition::Well)
    }

    /// Takes [`degrade`](Self::degrade) back, but not what a health check found. `true` if there
    /// was something to take back.
    pub(crate) fn recover(&self) -> bool {
        let mut current = write(&self.current);
        let Phase::Up(_, condition @ Condition::CallsFailed(_)) = &mut current.phase else {
            return false;
        };
        *condition = Condition::Well;
        true
    }

    /// Takes in what a health check of `live` found.
    pub(crate) fn checked(&self, live: &Arc<Live>, health: Health) {
        // The author's own words may quote the config.
        let health = live.config.secrets().scrub_health(health);
        let mut current = write(&self.current);
        let Current { phase, history } = &mut *current;
        let Phase::Up(now, condition) = phase else {
            return;
        };
        if !Arc::ptr_eq(now, live) {
            return;
        }
        let after = condition.after(&health);
        let (before, state) = (condition.state().as_str(), after.state());
        *condition = after;
        history.last_health = Some(LastHealth::new(health, SystemTime::now()));
        // Under the lock of the state, so that the two never contradict each other for long.
        if state.is_callable() {
            live.lease.resume();
        } else {
            live.lease.suspend();
        }
        if let Some(reason) = state.reason() {
            history.last_error = Some(reason.clone());
        }
        if before != state.as_str() {
            let name = &self.descriptor.name;
            tracing::warn!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                before,
                now = state.as_str(),
                reason = state.reason().map(|reason| reason.message.as_str()),
                "a health check changed the state of a plugin"
            );
        }
    }

    pub(crate) fn status(&self) -> PluginStatus {
        let descriptor = &self.descriptor;
        let Current { phase, history } = &*read(&self.current);
        let state = phase.state_now();
        let adapter = phase.live().map(|live| live.running.adapter());
        let announced = adapter
            .map(|adapter| adapter.announced())
            .unwrap_or_default();
        let capabilities = match &descriptor.capabilities[..] {
            [] => announced.capabilities,
            given => given.to_vec(),
        };
        let last_error = match &state {
            // A process that ended is not recorded until supervision has seen it.
            State::Unavailable(reason) => Some(reason.clone()),
            _ => history.last_error.clone(),
        };
        PluginStatus {
            kind: Some(descriptor.name.kind().to_owned()),
            name: descriptor.name.name().to_owned(),
            runtime: Some(descriptor.runtime().as_str().to_owned()),
            version: descriptor.version.clone().or(announced.version),
            state,
            last_error,
            capabilities,
            priority: descriptor.priority,
            pid: adapter.and_then(|adapter| adapter.pid()),
            origin: descriptor.origin.clone(),
            content_hash: descriptor.content_hash(),
            trusted: descriptor.trusted,
            generation: history.generation,
            restarts: history.restarts,
            last_health: history.last_health.clone(),
        }
    }

    /// Puts somebody in charge of the process; whoever was is dismissed.
    pub(crate) fn supervise(&self, by: Option<Background>) {
        let before = std::mem::replace(&mut *lock(&self.supervision), by);
        drop(before);
    }

    /// A lease for a new generation of the plugin.
    pub(crate) fn lease(self: &Arc<Self>, host: &TokioHost, config: &Arc<Section>) -> Lease {
        let entry = Arc::downgrade(self);
        let config = Arc::clone(config);
        let host: Arc<dyn Host> = Arc::new(host.revocable(CancelToken::new()));
        Lease::new(self.descriptor.name.clone(), host, move || {
            match entry.upgrade() {
                Some(entry) => entry.not_ready(None),
                None => HookError::new(code::UNAVAILABLE, "the registry of the plugin is gone"),
            }
        })
        .with_scope(self.descriptor.scope())
        .with_layers(self.layers.native())
        .with_clean(move |error| config.secrets().scrub_error(error))
    }

    /// The error of a call that finds the plugin not ready.
    pub(crate) fn not_ready(&self, live: Option<&Live>) -> HookError {
        let name = &self.descriptor.name;
        let failure = live.and_then(|live| live.running.adapter().failure());
        let state = failure.map_or_else(|| self.state(), State::Unavailable);
        let message = match &state {
            State::Registered => format!(
                "`{name}` is not set up; await `registry.setup_all()` before calling it (after `teardown_all()`, again)"
            ),
            State::Unavailable(reason) => format!("`{name}` is unavailable: {reason}"),
            State::Leaked if matches!(read(&self.current).phase, Phase::Kept(_)) => format!(
                "`{name}` is torn down, but typed handles from before keep its value alive; drop them to set it up again"
            ),
            State::Leaked => format!(
                "`{name}` is gone: its teardown did not end in time; restart the host to use it again"
            ),
            State::RequiresRestart => {
                format!("`{name}` is torn down and needs a new process; restart the host")
            }
            State::Ready | State::Degraded(_) => format!(
                "`{name}` is another instance now, or is just being torn down; ask the registry for it again"
            ),
        };
        HookError::new(code::UNAVAILABLE, message).details(json!({
            "plugin": name.to_string(),
            "state": state.as_str(),
            "reason": state.reason(),
        }))
    }
}
