//! [`Registry`]: the plugins of a host, and [`PluginHandle`]: one of them, to call.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::Duration;

use dagstack_plugin::call::given_up;
use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::{
    BoxFuture, Health, HookContext, HookError, Manifest, args, code, secrets, suggest,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::adapter::Adapter;
use crate::adapter::in_process::InProcess;
use crate::builder::RegistryBuilder;
use crate::config::ConfigSource;
use crate::descriptor::Descriptor;
use crate::error::PluginRegistryError;
use crate::graph::Graph;
use crate::status::{PluginStatus, Reason, State};
use dagstack_plugin::PluginName;

/// The plugins of a host.
///
/// Clones share one registry. When the last clone and the last [`PluginHandle`] are dropped
/// without [`teardown_all`](Self::teardown_all), child processes are killed.
#[derive(Clone)]
pub struct Registry {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) by_name: HashMap<PluginName, usize>,
    /// Manifests that cannot be read: no plugins, but not forgotten either.
    pub(crate) broken: Vec<PluginStatus>,
    pub(crate) graph: Graph,
    pub(crate) config: Vec<Box<dyn ConfigSource>>,
    /// One setup or teardown at a time.
    pub(crate) lifecycle: tokio::sync::Mutex<()>,
}

/// One plugin of a registry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    pub(crate) current: RwLock<Current>,
}

/// What an entry is at the moment.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) state: State,
    pub(crate) live: Option<Arc<Live>>,
}

/// How long a health check may take.
const HEALTH_LIMIT: Duration = Duration::from_secs(10);

/// Set in [`Live::calls`] once no more calls are let in.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// A plugin that is set up.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) running: Running,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) config: Section,
    /// The calls in flight, and [`CLOSED`].
    calls: AtomicUsize,
    idle: Notify,
}

/// The config a plugin was set up with: its secrets must not be quoted later.
pub(crate) struct Section(Value);

impl Section {
    /// A text of the plugin's own without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        secrets::scrub(text, &self.0).into_owned()
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        secrets::mask(&self.0).fmt(f)
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
    pub(crate) fn new(running: Running, config: Value) -> Self {
        Self {
            running,
            config: Section(config),
            runtime: tokio::runtime::Handle::current(),
            calls: AtomicUsize::new(0),
            idle: Notify::new(),
        }
    }

    /// Counts a call in, unless the plugin is being torn down.
    #[inline]
    fn enter(&self) -> Option<InFlight<&Self>> {
        let before = self.calls.fetch_add(1, Ordering::Acquire);
        let guard = InFlight(self);
        (before & CLOSED == 0).then_some(guard)
    }

    /// Lets no more calls in, and waits for those that are.
    pub(crate) async fn close(&self) {
        self.calls.fetch_or(CLOSED, Ordering::AcqRel);
        loop {
            let idle = self.idle.notified();
            if self.calls.load(Ordering::Acquire) == CLOSED {
                return;
            }
            idle.await;
        }
    }
}

/// A call on its way.
struct InFlight<L: Deref<Target = Live>>(L);

impl InFlight<&Live> {
    /// Counts the call once more, for the part of it that outlives a caller who gives up.
    fn again(&self, live: &Arc<Live>) -> InFlight<Arc<Live>> {
        self.0.calls.fetch_add(1, Ordering::Acquire);
        InFlight(Arc::clone(live))
    }
}

impl<L: Deref<Target = Live>> Drop for InFlight<L> {
    #[inline]
    fn drop(&mut self) {
        let before = self.0.calls.fetch_sub(1, Ordering::AcqRel);
        if before == CLOSED | 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Entry {
    pub(crate) fn new(descriptor: Descriptor) -> Self {
        let state = match &descriptor.source {
            crate::descriptor::Source::Never { error, .. } => State::Unavailable(error.reason()),
            _ => State::Registered,
        };
        Self {
            descriptor,
            current: RwLock::new(Current { state, live: None }),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, state: State, live: Option<Arc<Live>>) -> Option<Arc<Live>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.state = state;
        std::mem::replace(&mut current.live, live)
    }

    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.read().live.clone()
    }

    /// The state, which for a plugin whose process ended is not the one recorded.
    pub(crate) fn state(&self) -> State {
        let current = self.read();
        let failure = current
            .live
            .as_ref()
            .filter(|_| current.state.is_callable())
            .and_then(|live| live.running.adapter().failure());
        match failure {
            Some(reason) => State::Unavailable(reason),
            None => current.state.clone(),
        }
    }

    pub(crate) fn status(&self) -> PluginStatus {
        let descriptor = &self.descriptor;
        PluginStatus {
            kind: Some(descriptor.name.kind().to_owned()),
            name: descriptor.name.name().to_owned(),
            runtime: Some(descriptor.runtime().as_str().to_owned()),
            version: descriptor.version.clone(),
            state: self.state(),
            capabilities: descriptor.capabilities.clone(),
            priority: descriptor.priority,
            pid: self.live().and_then(|live| live.running.adapter().pid()),
            origin: descriptor.origin.clone(),
        }
    }

    /// The error of a call that finds the plugin not ready.
    fn not_ready(&self, live: Option<&Live>) -> HookError {
        let name = &self.descriptor.name;
        let failure = live.and_then(|live| live.running.adapter().failure());
        let state = failure.map_or_else(|| self.state(), State::Unavailable);
        let message = match &state {
            State::Registered => format!(
                "`{name}` is not set up; await `registry.setup_all()` before calling it (after `teardown_all()`, again)"
            ),
            State::Unavailable(reason) | State::Degraded(reason) => {
                format!("`{name}` is unavailable: {reason}")
            }
            State::Leaked => format!(
                "`{name}` is gone: its teardown did not end in time; restart the host to use it again"
            ),
            State::RequiresRestart => {
                format!("`{name}` is torn down and needs a new process; restart the host")
            }
            State::Ready => format!(
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

impl Registry {
    /// Starts to collect plugins.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::new()
    }

    /// One plugin, by kind and name.
    ///
    /// # Errors
    ///
    /// `PluginNotFound`, with a guess at what was meant. A plugin that is not ready is found; its
    /// calls say why they fail.
    pub fn plugin(&self, kind: &str, name: &str) -> Result<PluginHandle, PluginRegistryError> {
        let key = PluginName::new(kind, name);
        match self.inner.by_name.get(&key) {
            Some(&index) => {
                let entry = Arc::clone(&self.inner.entries[index]);
                let live = entry.live();
                Ok(PluginHandle { entry, live })
            }
            None => Err(self.not_found(key)),
        }
    }

    fn not_found(&self, plugin: PluginName) -> PluginRegistryError {
        let known = self
            .inner
            .entries
            .iter()
            .map(|entry| &entry.descriptor.name);
        let same_name = known.clone().find(|known| known.name() == plugin.name());
        let suggestion = same_name.map(ToString::to_string).or_else(|| {
            let names: Vec<String> = known.map(ToString::to_string).collect();
            suggest(&plugin.to_string(), names.iter().map(String::as_str)).map(str::to_owned)
        });
        let hint = match (&self.inner.broken[..], self.inner.entries.is_empty()) {
            ([], true) => "; no plugin is: `.linked()` finds those that `dagstack_runtime::link!(…)` names, `.discover(path)` those in folders".to_owned(),
            ([], false) => String::new(),
            ([one], _) => format!("; {} cannot be read, see `registry.status()`", one.origin),
            (several, _) => format!("; {} manifests cannot be read, see `registry.status()`", several.len()),
        };
        PluginRegistryError::PluginNotFound {
            plugin,
            suggestion,
            hint,
        }
    }

    /// Every plugin with its state, sorted by kind and name; manifests that cannot be read last.
    pub fn status(&self) -> Vec<PluginStatus> {
        self.inner
            .entries
            .iter()
            .map(|entry| entry.status())
            .chain(self.inner.broken.iter().cloned())
            .collect()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.inner
                    .entries
                    .iter()
                    .map(|entry| (&entry.descriptor.name, entry.state())),
            )
            .finish()
    }
}

/// One plugin, to call hooks of. Cheap to clone, and to be kept.
///
/// A handle taken from a plugin that is ready is a lease on that instance: once it is torn down,
/// calls are `unavailable`, also after a new setup; ask the registry again. One taken before the
/// setup calls whatever instance there is.
#[derive(Clone)]
pub struct PluginHandle {
    entry: Arc<Entry>,
    live: Option<Arc<Live>>,
}

impl PluginHandle {
    /// Calls a hook. `args` is an object of the hook's arguments; `null` stands for none.
    ///
    /// # Errors
    ///
    /// What the hook returned, or one of the codes of [`code`]: `unknown_hook`,
    /// `invalid_arguments`, `unavailable` where the plugin is not ready, `cancelled` and
    /// `deadline_exceeded` as the context says, `panicked`, `transport`.
    pub async fn call(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let current;
        let live = match &self.live {
            Some(live) => live,
            None => {
                current = self
                    .entry
                    .live()
                    .ok_or_else(|| self.entry.not_ready(None))?;
                &current
            }
        };
        let in_flight = live.enter().ok_or_else(|| self.entry.not_ready(None))?;
        if !args.is_object() {
            args = Value::Object(args::by_name(&self.name().to_string(), hook, args)?);
        }
        // What takes longer than one poll is boxed: it would be moved about with every call.
        match &live.running {
            Running::InProcess(plugin) if plugin.runs_off_thread(hook, &args) => {
                let running = in_flight.again(live);
                let call = Box::pin(plugin.call_off_thread(hook, ctx, args, running));
                give_up_with(ctx, &live.runtime, call).await
            }
            Running::InProcess(plugin) => {
                let mut call = plugin.begin(hook, ctx, &mut args)?;
                // A `fn` hook is ready at once; nothing has to be kept for it across a suspension.
                let call = match call.poll_first() {
                    Poll::Ready(outcome) => return outcome?.into_value(),
                    Poll::Pending => give_up_with(ctx, &live.runtime, Pin::new(&mut call)),
                };
                call.await?.into_value()
            }
            Running::Elsewhere(adapter) => {
                if adapter.failure().is_some() {
                    return Err(self.entry.not_ready(Some(live)));
                }
                given_up(ctx)?;
                give_up_with(ctx, &live.runtime, adapter.call(hook, ctx, args)).await
            }
        }
    }

    /// Asks the plugin how it is, and waits up to ten seconds for the answer. One that is not set
    /// up, or no longer, is unhealthy.
    pub async fn health(&self) -> Health {
        let not_ready = || Health::unhealthy(self.entry.not_ready(None).message());
        let Some(live) = self.live.clone().or_else(|| self.entry.live()) else {
            return not_ready();
        };
        let Some(_in_flight) = live.enter() else {
            return not_ready();
        };
        let ctx = HookContext::new().with_timeout(HEALTH_LIMIT);
        let asked = Box::pin(async { Ok(live.running.adapter().health().await) });
        let answer: Result<_, HookError> = give_up_with(&ctx, &live.runtime, asked).await;
        answer.unwrap_or_else(|_| {
            Health::unhealthy(format!("it did not say how it is within {HEALTH_LIMIT:?}"))
        })
    }

    /// The plugin's kind and name.
    pub fn name(&self) -> &PluginName {
        &self.entry.descriptor.name
    }

    /// Where the plugin runs.
    pub fn runtime(&self) -> Runtime {
        self.entry.descriptor.runtime()
    }

    /// The plugin's state.
    pub fn state(&self) -> State {
        self.entry.state()
    }

    /// Why the plugin is not ready, or not well.
    pub fn reason(&self) -> Option<Reason> {
        self.state().reason().cloned()
    }

    /// The process the plugin runs in, if that is not the host's.
    pub fn pid(&self) -> Option<u32> {
        self.live
            .clone()
            .or_else(|| self.entry.live())
            .and_then(|live| live.running.adapter().pid())
    }

    /// The plugin's manifest: the one found, or that of the linked plugin; `None` for an executable
    /// registered by its command.
    pub fn manifest(&self) -> Option<Arc<Manifest>> {
        self.entry.descriptor.manifest()
    }
}

impl fmt::Debug for PluginHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.state())
    }
}

/// Awaits a call until its caller gives up.
fn give_up_with<'a, F, T>(
    ctx: &'a HookContext,
    runtime: &'a tokio::runtime::Handle,
    mut call: Pin<F>,
) -> BoxFuture<'a, Result<T, HookError>>
where
    F: DerefMut + Send + 'a,
    F::Target: Future<Output = Result<T, HookError>> + Send,
{
    Box::pin(async move {
        let mut cancelled = ctx.cancellation().cancelled();
        let mut timer = ctx.deadline().map(|deadline| {
            // The caller need not be on a tokio runtime; the registry's has the clock.
            let _runtime = runtime.enter();
            Box::pin(tokio::time::sleep_until(deadline.into()))
        });
        poll_fn(|cx| {
            if let Poll::Ready(outcome) = call.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            if Pin::new(&mut cancelled).poll(cx).is_ready() {
                return Poll::Ready(Err(HookError::new(
                    code::CANCELLED,
                    "the caller cancelled the call",
                )));
            }
            let Some(timer) = &mut timer else {
                return Poll::Pending;
            };
            timer.as_mut().poll(cx).map(|()| {
                Err(HookError::new(
                    code::DEADLINE_EXCEEDED,
                    "the call's deadline has passed",
                ))
            })
        })
        .await
    })
}
