//! [`Entry`]: one plugin of a registry and what it is at the moment; [`Live`]: one generation of it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::SystemTime;

use dagstack_plugin::config::SectionFeed;
use dagstack_plugin::kind::{Host, Lease};
use dagstack_plugin::schema::Schema;
use dagstack_plugin::secrets::{self, Scrubber};
use dagstack_plugin::{CancelToken, ErasedPlugin, Health, HookError, code};
use serde_json::{Value, json};

use crate::adapter::Adapter;
use crate::adapter::in_process::InProcess;
use crate::descriptor::{Descriptor, Source};
use crate::host::TokioHost;
use crate::lifecycle::Background;
use crate::middleware::layers::{PluginLayers, Stack};
use crate::status::{LastHealth, PluginStatus, Reason, State};

/// How many health checks in a row have to fail before a plugin is not called any more.
const STRIKES: u32 = 3;

/// One plugin of a registry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    /// The middleware around its hooks.
    pub(crate) layers: PluginLayers,
    current: RwLock<Current>,
    /// What watches over the process of the plugin, if it has one.
    supervision: Mutex<Option<Background>>,
    /// The sha256 of the program that runs, once it is known.
    content_hash: Mutex<Option<String>>,
}

/// What an entry is at the moment.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) state: State,
    pub(crate) live: Option<Arc<Live>>,
    /// Counts the instances there have been.
    generation: u64,
    /// See [`Live`]: that of the instance that is there, or was there last.
    since: u64,
    /// How often supervision has started the process again.
    restarts: u32,
    last_error: Option<Reason>,
    last_health: Option<LastHealth>,
    /// Health checks that failed, in a row.
    strikes: u32,
    /// Who found the plugin not well.
    found_by: FoundBy,
    /// Its process has ended and is to be started again.
    restarting: bool,
    /// The value of an earlier generation that handles still keep.
    kept: Option<Weak<dyn ErasedPlugin>>,
}

/// Who found a plugin not well: a call that goes well says nothing against a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FoundBy {
    Nobody,
    Calls,
    HealthCheck,
}

/// A plugin that is set up: one generation of it.
pub(crate) struct Live {
    pub(crate) running: Running,
    pub(crate) lease: Arc<Lease>,
    pub(crate) config: Section,
    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one. The
    /// teardown takes it.
    native: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
    /// The number of the first of the instances that followed each other without anybody's asking:
    /// a process that ended by itself, and those that were started in its place.
    since: u64,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.running.fmt(f)
    }
}

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
    pub(crate) fn new(running: &Running, feed: SectionFeed) -> Self {
        let schema = running.adapter().config_schema().unwrap_or_default();
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&known.learnt, &section) {
            Arc::make_mut(&mut known.secrets).learn(&section, &self.schema);
            known.learnt = section;
        }
        Arc::clone(&known.secrets)
    }
}

impl Section {
    /// Cuts its secrets out of texts of the plugin's own.
    pub(crate) fn secrets(&self) -> Arc<Scrubber> {
        self.0.scrubber()
    }

    /// A text of the plugin's own without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.secrets().scrub(text).into_owned()
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

/// Native plugins are called without the box an adapter's call costs.
#[derive(Debug)]
pub(crate) enum Running {
    InProcess(InProcess),
    Elsewhere(Box<dyn Adapter>),
}

impl Running {
    pub(crate) fn adapter(&self) -> &dyn Adapter {
        match self {
            Self::InProcess(adapter) => adapter,
            Self::Elsewhere(adapter) => &**adapter,
        }
    }
}

impl Live {
    pub(crate) fn new(
        running: Running,
        lease: Arc<Lease>,
        secrets: Arc<Secrets>,
        since: u64,
    ) -> Self {
        let native = match &running {
            Running::InProcess(plugin) => plugin.native(&lease),
            Running::Elsewhere(_) => None,
        };
        Self {
            running,
            lease,
            config: Section(secrets),
            native: Mutex::new(native),
            since,
        }
    }

    /// Whether it has ended by itself: its process is gone.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        match &self.running {
            Running::InProcess(_) => false,
            Running::Elsewhere(adapter) => adapter.failure().is_some(),
        }
    }

    /// Whether handles of `other` go on with this one.
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        self.since == other.since
    }

    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one.
    pub(crate) fn native(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.native
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Gives the registry's own typed handle up.
    pub(crate) fn forget_native(&self) {
        let native = self
            .native
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(native);
    }

    /// Completes when the instance is being torn down and waits for nobody any longer.
    pub(crate) async fn revoked(&self) {
        match self.lease.host().revoked() {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the calls on their way that can be ended: those that await something.
    pub(crate) fn revoke(&self) {
        if let Some(token) = self.lease.host().revoked() {
            token.cancel();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The adapter is the last to have the plugin: it drops it where the author's code may run.
        self.forget_native();
    }
}

impl Current {
    fn put(&mut self, state: State, live: Option<Arc<Live>>) -> Option<Arc<Live>> {
        if let Some(reason) = state.reason() {
            self.last_error = Some(reason.clone());
        }
        self.state = state;
        self.found_by = FoundBy::Nobody;
        self.strikes = 0;
        self.restarting = false;
        std::mem::replace(&mut self.live, live)
    }
}

impl Entry {
    pub(crate) fn new(descriptor: Descriptor, middleware: &Stack) -> Self {
        let state = match &descriptor.source {
            Source::Never { error, .. } => State::Unavailable(error.reason()),
            _ => State::Registered,
        };
        Self {
            layers: PluginLayers::new(middleware, &descriptor),
            current: RwLock::new(Current {
                last_error: state.reason().cloned(),
                state,
                live: None,
                generation: 0,
                since: 0,
                restarts: 0,
                last_health: None,
                strikes: 0,
                found_by: FoundBy::Nobody,
                restarting: false,
                kept: None,
            }),
            descriptor,
            supervision: Mutex::default(),
            content_hash: Mutex::default(),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Current> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the entry into a state, with what is live in it, and gives back what was.
    pub(crate) fn set(&self, state: State, live: Option<Arc<Live>>) -> Option<Arc<Live>> {
        self.write().put(state, live)
    }

    /// Publishes a new instance.
    pub(crate) fn publish(&self, live: Arc<Live>, restarted: bool) {
        let before = {
            let mut current = self.write();
            current.generation += 1;
            current.since = live.since;
            current.restarts += u32::from(restarted);
            current.last_health = None;
            current.kept = None;
            current.put(State::Ready, Some(live))
        };
        drop(before);
    }

    /// The number of the first of the instances that the next one belongs to.
    pub(crate) fn since(&self, restarted: bool) -> u64 {
        let current = self.read();
        match restarted {
            true => current.since,
            false => current.generation + 1,
        }
    }

    /// Puts the entry into the state of one whose process is to be started again, and gives back
    /// what was live.
    pub(crate) fn await_restart(&self, reason: Reason) -> Option<Arc<Live>> {
        let mut current = self.write();
        let before = current.put(State::Unavailable(reason), None);
        current.restarting = true;
        before
    }

    /// Whether its process has ended and is to be started again.
    pub(crate) fn awaits_restart(&self) -> bool {
        self.read().restarting
    }

    /// Records an error that leaves the state as it is.
    pub(crate) fn note(&self, reason: Reason) {
        self.write().last_error = Some(reason);
    }

    /// Remembers the value of an instance that is torn down, which handles still keep.
    pub(crate) fn keep(&self, value: Weak<dyn ErasedPlugin>) {
        self.write().kept = Some(value);
    }

    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.read().live.clone()
    }

    /// Whether that is the instance of the moment.
    pub(crate) fn is_current(&self, live: &Arc<Live>) -> bool {
        let current = self.read();
        current
            .live
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(it, live))
    }

    /// The state, which for a plugin whose process ended is not the one recorded.
    pub(crate) fn state(&self) -> State {
        let current = self.read();
        let failure = current
            .live
            .as_ref()
            .filter(|_| current.state.is_callable())
            .and_then(|live| live.running.adapter().failure());
        if let Some(reason) = failure {
            return State::Unavailable(reason);
        }
        match (&current.state, &current.kept) {
            // The handles are gone by now, and the value with them.
            (State::Leaked, Some(kept)) if kept.strong_count() == 0 => State::Registered,
            (state, _) => state.clone(),
        }
    }

    /// Whether health checks have taken the plugin out of use; its instance is still there.
    pub(crate) fn is_suspended(&self) -> bool {
        let current = self.read();
        current.live.is_some()
            && current.found_by == FoundBy::HealthCheck
            && matches!(current.state, State::Unavailable(_))
    }

    /// Marks a plugin that is ready as degraded: a broadcast to it failed, or the like. It is still
    /// called.
    /// `true` if it was well until now.
    pub(crate) fn degrade(&self, reason: Reason) -> bool {
        let mut current = self.write();
        let was_well = current.state == State::Ready;
        if current.state.is_callable() && current.found_by != FoundBy::HealthCheck {
            current.last_error = Some(reason.clone());
            current.state = State::Degraded(reason);
            current.found_by = FoundBy::Calls;
        }
        was_well
    }

    /// Takes [`degrade`](Self::degrade) back, but not what a health check found. `true` if there
    /// was something to take back.
    pub(crate) fn recover(&self) -> bool {
        let mut current = self.write();
        let ours =
            current.found_by == FoundBy::Calls && matches!(current.state, State::Degraded(_));
        if ours {
            current.state = State::Ready;
            current.found_by = FoundBy::Nobody;
        }
        ours
    }

    /// Takes in what a health check of `live` found.
    pub(crate) fn checked(&self, live: &Arc<Live>, health: Health) {
        let mut current = self.write();
        let is_current = current
            .live
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(it, live));
        let checked = current.state.is_callable()
            || (current.found_by == FoundBy::HealthCheck
                && matches!(current.state, State::Unavailable(_)));
        if !is_current || !checked {
            return;
        }
        let before = current.state.as_str();
        // The author's own words may quote the config.
        let clean = |reason: String| live.config.scrub(&reason);
        let (health, state, strikes) = match health {
            Health::Degraded { reason } => {
                let reason = clean(reason);
                let state = State::Degraded(Reason::new("degraded", &*reason));
                (Health::degraded(reason), state, 0)
            }
            Health::Unhealthy { reason } => {
                let reason = clean(reason);
                let strikes = current.strikes.saturating_add(1);
                let state = if strikes < STRIKES {
                    State::Degraded(Reason::new("unhealthy", &*reason))
                } else {
                    State::Unavailable(Reason::new(
                        "unhealthy",
                        format!(
                            "{strikes} health checks in a row failed, the last one: {reason}; it is called again once one succeeds, or reload it"
                        ),
                    ))
                };
                (Health::unhealthy(reason), state, strikes)
            }
            well => (well, State::Ready, 0),
        };
        current.last_health = Some(LastHealth::new(health, SystemTime::now()));
        current.strikes = strikes;
        current.found_by = match state {
            State::Ready => FoundBy::Nobody,
            _ => FoundBy::HealthCheck,
        };
        // Under the lock of the state, so that the two never contradict each other for long.
        if state.is_callable() {
            live.lease.resume();
        } else {
            live.lease.suspend();
        }
        if let Some(reason) = state.reason() {
            current.last_error = Some(reason.clone());
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
        current.state = state;
    }

    pub(crate) fn status(&self) -> PluginStatus {
        let descriptor = &self.descriptor;
        let state = self.state();
        let live = self.live();
        let announced = live
            .as_ref()
            .map(|live| live.running.adapter().announced())
            .unwrap_or_default();
        let capabilities = match &descriptor.capabilities[..] {
            [] => announced.capabilities,
            given => given.to_vec(),
        };
        let current = self.read();
        let last_error = match &state {
            // A process that ended is not recorded until supervision has seen it.
            State::Unavailable(reason) => Some(reason.clone()),
            _ => current.last_error.clone(),
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
            pid: live.and_then(|live| live.running.adapter().pid()),
            origin: descriptor.origin.clone(),
            content_hash: self.content_hash(),
            trusted: descriptor.trusted,
            generation: current.generation,
            restarts: current.restarts,
            last_health: current.last_health.clone(),
        }
    }

    fn content_hash(&self) -> Option<String> {
        let hash = self.content_hash.lock();
        hash.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the sha256 of the program that runs.
    pub(crate) fn set_content_hash(&self, hash: String) {
        let mut slot = self
            .content_hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *slot = Some(hash);
    }

    /// Puts somebody in charge of the process; whoever was is dismissed.
    pub(crate) fn supervise(&self, by: Option<Background>) {
        let mut slot = self
            .supervision
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *slot, by);
        drop(slot);
        drop(before);
    }

    /// A lease for a new generation of the plugin.
    pub(crate) fn lease(self: &Arc<Self>, host: &TokioHost, secrets: &Arc<Secrets>) -> Lease {
        let entry = Arc::downgrade(self);
        let secrets = Arc::clone(secrets);
        let host: Arc<dyn Host> = Arc::new(host.revocable(CancelToken::new()));
        Lease::new(self.descriptor.name.clone(), host, move || {
            match entry.upgrade() {
                Some(entry) => entry.not_ready(None),
                None => HookError::new(code::UNAVAILABLE, "the registry of the plugin is gone"),
            }
        })
        .with_scope(self.descriptor.scope())
        .with_layers(self.layers.native())
        .with_clean(move |error| secrets.scrubber().scrub_error(error))
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
            State::Leaked if self.read().kept.is_some() => format!(
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
